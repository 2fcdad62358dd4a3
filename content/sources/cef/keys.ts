/** CEF's standard extension keys, and the ArcSight long names, to ECS. */

/** Keys of the event's time, best first. */
export const DURATION_KEYS = [
  'rt',
  'deviceReceiptTime',
  'end',
  'endTime',
  'start',
  'startTime',
  'art',
] as const;

const PAIRS = `
src source.ip
sourceAddress source.ip
spt source.port
sourcePort source.port
shost source.domain
sourceHostName source.domain
smac source.mac
sourceTranslatedAddress source.nat.ip
sourceTranslatedPort source.nat.port
suser user.name
sourceUserName user.name
suid user.id
sourceUserId user.id
sntdom user.domain
spid process.pid
sproc process.name
sourceProcessName process.name
spriv user.roles
dst destination.ip
destinationAddress destination.ip
dpt destination.port
destinationPort destination.port
dhost destination.domain
destinationHostName destination.domain
dmac destination.mac
destinationTranslatedAddress destination.nat.ip
destinationTranslatedPort destination.nat.port
duser user.target.name
destinationUserName user.target.name
duid user.target.id
dntdom user.target.domain
dproc process.name
destinationProcessName process.name
dpid process.pid
in source.bytes
bytesIn source.bytes
out destination.bytes
bytesOut destination.bytes
proto network.transport
transportProtocol network.transport
app network.protocol
applicationProtocol network.protocol
dvchost host.name
deviceHostName host.name
dvc observer.ip
deviceAddress observer.ip
dvcmac observer.mac
deviceInboundInterface observer.ingress.interface.name
deviceOutboundInterface observer.egress.interface.name
externalId event.id
request url.original
requestUrl url.original
requestMethod http.request.method
requestClientApplication user_agent.original
requestContext http.request.referrer
fname file.name
fileName file.name
filePath file.path
fsize file.size
fileType file.type
msg message
message message
destinationDnsDomain destination.registered_domain
sourceServiceName service.name
destinationServiceName service.name
deviceProcessName process.name
`;

export const DIRECT: ReadonlyMap<string, string> = new Map(
  PAIRS.trim()
    .split('\n')
    .map((line) => line.split(' ') as [string, string]),
);
