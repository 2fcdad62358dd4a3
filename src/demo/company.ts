/**
 * Lysfjord Instruments, a company of forty that does not exist: people with their hours and addresses, hosts, services.
 * Data only; what they do is in `people.ts` and `machines.ts`. Public addresses are of the documentation ranges (RFC 5737),
 * AS numbers of RFC 5398, names of example.com and example.org. Held by `company.test.ts`.
 */

/** Structurally `NetworkEntry` of `src/enrich/networks.ts`, which this folder may not import; `company.test.ts` holds it. */
export type DemoNetwork = {
  readonly cidr: string;
  readonly country?: string;
  readonly place?: string;
  readonly asn?: number;
  readonly label?: string;
};

export type Department = 'it' | 'engineering' | 'sales' | 'finance' | 'people' | 'support' | 'management';
export type Office = 'oslo' | 'berlin' | 'london';

export type Person = {
  readonly user: string;
  readonly name: string;
  readonly department: Department;
  readonly office: Office;
  /** Hours of the company's clock (UTC+1) at which the day begins and ends. */
  readonly from: number;
  readonly to: number;
  /** Days worked from home, 0 = Sunday. */
  readonly homeDays: readonly number[];
  readonly officeIp: string;
  readonly homeIp: string;
  readonly vpnIp: string;
  readonly laptop: string;
  /** SHA256 fingerprint of their SSH key, without the prefix. */
  readonly key: string;
  readonly sid: string;
  readonly uid: number;
};

export type Host = { readonly name: string; readonly ip: string; readonly role: string };

export const DOMAIN = 'example.com';
export const AWS_ACCOUNT = '111122223333';
/** The company's clock, microseconds ahead of UTC (no summer time, on purpose: a fixed rhythm). */
export const CLOCK_AHEAD_US = 3600e6;

// user, name, department, office, from, to, home days
const ROSTER = `
anna.berg|Anna Berg|it|oslo|8|16|3
olav.moen|Olav Moen|it|oslo|9|17|1,5
jonas.keller|Jonas Keller|it|berlin|8|17|5
priya.nair|Priya Nair|it|london|10|18|2
tove.lunde|Tove Lunde|it|oslo|7|15|
mikkel.dahl|Mikkel Dahl|engineering|oslo|9|17|3,5
sara.holm|Sara Holm|engineering|oslo|8|16|1
lukas.brandt|Lukas Brandt|engineering|berlin|10|19|3
emil.strand|Emil Strand|engineering|oslo|9|18|5
nadia.rahimi|Nadia Rahimi|engineering|berlin|9|17|2,4
felix.vogt|Felix Vogt|engineering|berlin|8|16|
ingrid.solberg|Ingrid Solberg|engineering|oslo|10|18|1,2,3,4,5
tom.ashworth|Tom Ashworth|engineering|london|10|19|2,5
mei.tanaka|Mei Tanaka|engineering|london|9|18|5
henrik.nygaard|Henrik Nygaard|engineering|oslo|7|15|4
carla.rossi|Carla Rossi|engineering|berlin|9|18|1
david.okafor|David Okafor|engineering|london|10|18|3
marte.lie|Marte Lie|sales|oslo|8|16|5
paul.schneider|Paul Schneider|sales|berlin|9|17|3,5
grace.bennett|Grace Bennett|sales|london|10|18|1
oscar.lindqvist|Oscar Lindqvist|sales|oslo|9|17|2
elena.petrova|Elena Petrova|sales|berlin|8|17|5
james.whitaker|James Whitaker|sales|london|9|18|4,5
sofie.aas|Sofie Aas|sales|oslo|8|16|
rasmus.friis|Rasmus Friis|sales|berlin|9|17|3
kari.haugen|Kari Haugen|finance|oslo|7|15|5
bernd.wolf|Bernd Wolf|finance|berlin|8|16|
amina.yusuf|Amina Yusuf|finance|london|9|17|2
erik.sand|Erik Sand|finance|oslo|8|16|4
liv.bakken|Liv Bakken|people|oslo|8|16|5
hannah.fischer|Hannah Fischer|people|berlin|9|17|1
joe.mercer|Joe Mercer|people|london|9|17|3
petter.vik|Petter Vik|support|oslo|6|14|
silje.rønning|Silje Rønning|support|oslo|12|20|2
marco.bianchi|Marco Bianchi|support|berlin|8|16|5
zoe.carter|Zoe Carter|support|london|13|21|
ali.demir|Ali Demir|support|berlin|9|17|3
torunn.hagen|Torunn Hagen|management|oslo|8|18|5
viktor.lang|Viktor Lang|management|berlin|9|19|4
ruth.goodwin|Ruth Goodwin|management|london|9|18|3,5
`;

const OFFICES: Readonly<Record<Office, { readonly net: string; readonly home: string }>> = {
  oslo: { net: '10.10.1', home: '192.0.2.32' },
  berlin: { net: '10.20.1', home: '192.0.2.64' },
  london: { net: '10.21.1', home: '192.0.2.96' },
};

const KEY_CHARS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** A fingerprint that looks like one, from a number. */
export function fingerprint(n: number): string {
  let x = n * 2654435761 + 12345;
  let out = '';
  for (let i = 0; i < 43; i++) {
    x = (x * 1103515245 + 12345) % 2147483648;
    out += KEY_CHARS[Math.floor(x / 65536) % 64];
  }
  return out;
}

/** `192.0.2.32` + 5 -> `192.0.2.37`. */
const plus = (ip: string, n: number): string => {
  const dot = ip.lastIndexOf('.');
  return `${ip.slice(0, dot + 1)}${Number(ip.slice(dot + 1)) + n}`;
};

function person(line: string, i: number): Person {
  const [user = '', name = '', department, office, from, to, home = ''] = line.split('|');
  const at = office as Office;
  return {
    user: user.replace('ø', 'o'),
    name,
    department: department as Department,
    office: at,
    from: Number(from),
    to: Number(to),
    homeDays: home === '' ? [] : home.split(',').map(Number),
    officeIp: `${OFFICES[at].net}.${20 + i}`,
    homeIp: plus(OFFICES[at].home, 1 + (i % 30)),
    vpnIp: `10.40.0.${20 + i}`,
    laptop: `lap-${String(101 + i)}`,
    key: fingerprint(i + 1),
    sid: `S-1-5-21-1004336348-1177238915-682003330-${1101 + i}`,
    uid: 1001 + i,
  };
}

export const PEOPLE: readonly Person[] = ROSTER.trim().split('\n').map(person);

const host = (name: string, ip: string, role: string): Host => ({ name, ip, role });
export const HOSTS = {
  web01: host('web01', '10.30.0.11', 'web'),
  web02: host('web02', '10.30.0.12', 'web'),
  web03: host('web03', '10.30.0.13', 'intranet'),
  db01: host('db01', '10.30.0.21', 'database'),
  app01: host('app01', '10.30.0.31', 'application'),
  app02: host('app02', '10.30.0.32', 'application'),
  build01: host('build01', '10.30.0.41', 'build'),
  mail01: host('mail01', '10.30.0.51', 'mail'),
  backup01: host('backup01', '10.30.0.61', 'backup'),
  vault01: host('vault01', '10.30.0.71', 'vault'),
  dc01: host('dc01', '10.30.0.81', 'directory'),
  mon01: host('mon01', '10.30.0.91', 'monitoring'),
  vpn01: host('vpn01', '10.30.0.2', 'vpn'),
  fw01: host('fw01', '10.30.0.1', 'firewall'),
  sensor01: host('sensor01', '10.30.0.3', 'sensor'),
} as const;

/** Hosts that run Linux and take SSH. */
export const SERVERS: readonly Host[] = [
  HOSTS.web01,
  HOSTS.web02,
  HOSTS.web03,
  HOSTS.db01,
  HOSTS.app01,
  HOSTS.app02,
  HOSTS.build01,
  HOSTS.mail01,
  HOSTS.backup01,
  HOSTS.vault01,
  HOSTS.mon01,
];

/** Public address of the company's edge. */
export const PUBLIC_IP = '192.0.2.10';

/** `192.0.2.32`, ... : the documentation ranges cut into pieces of 32, each somewhere else. */
const piece = (base: string, n: number, e: Omit<DemoNetwork, 'cidr'>): DemoNetwork => ({
  cidr: `${base}.${n * 32}/27`,
  ...e,
});

/** For the product list "networks of ours": documentation addresses have no country of their own. */
export const DEMO_NETWORKS: readonly DemoNetwork[] = [
  { cidr: '10.10.0.0/16', country: 'NO', place: 'Oslo', label: 'Office Oslo' },
  { cidr: '10.20.0.0/16', country: 'DE', place: 'Berlin', label: 'Office Berlin' },
  { cidr: '10.21.0.0/16', country: 'GB', place: 'London', label: 'Office London' },
  { cidr: '10.30.0.0/16', country: 'NO', place: 'Oslo', label: 'Server room' },
  { cidr: '10.40.0.0/16', country: 'NO', place: 'Oslo', label: 'VPN clients' },
  { cidr: '10.50.0.0/16', country: 'SE', place: 'Stockholm', label: 'Cloud (eu-north-1)' },
  piece('192.0.2', 0, { country: 'NO', place: 'Oslo', asn: 64496, label: 'Public addresses' }),
  piece('192.0.2', 1, { country: 'NO', place: 'Oslo', asn: 64497, label: 'Home Oslo' }),
  piece('192.0.2', 2, { country: 'DE', place: 'Berlin', asn: 64498, label: 'Home Berlin' }),
  piece('192.0.2', 3, { country: 'GB', place: 'London', asn: 64499, label: 'Home London' }),
  piece('192.0.2', 4, { country: 'SE', place: 'Stockholm', asn: 64500, label: 'Cloud provider' }),
  piece('192.0.2', 5, { country: 'US', place: 'Ashburn', asn: 64500, label: 'Cloud provider' }),
  piece('192.0.2', 6, { country: 'IE', place: 'Dublin', asn: 64500, label: 'Cloud provider' }),
  piece('192.0.2', 7, { country: 'NL', place: 'Amsterdam', asn: 64501, label: 'Package mirror' }),
  piece('198.51.100', 0, { country: 'NO', place: 'Bergen', asn: 64502, label: 'Customers' }),
  piece('198.51.100', 1, { country: 'SE', place: 'Gothenburg', asn: 64502, label: 'Customers' }),
  piece('198.51.100', 2, { country: 'DE', place: 'Hamburg', asn: 64503, label: 'Customers' }),
  piece('198.51.100', 3, { country: 'FR', place: 'Lyon', asn: 64504, label: 'Customers' }),
  piece('198.51.100', 4, { country: 'US', place: 'Denver', asn: 64505, label: 'Customers' }),
  piece('198.51.100', 5, { country: 'JP', place: 'Osaka', asn: 64506, label: 'Customers' }),
  piece('198.51.100', 6, { country: 'CA', place: 'Toronto', asn: 64505, label: 'Customers' }),
  piece('198.51.100', 7, { country: 'AU', place: 'Perth', asn: 64506, label: 'Customers' }),
  piece('203.0.113', 0, { country: 'NL', place: 'Rotterdam', asn: 64507, label: 'Rented servers' }),
  piece('203.0.113', 1, { country: 'US', place: 'Dallas', asn: 64508, label: 'Rented servers' }),
  piece('203.0.113', 2, { country: 'SG', place: 'Singapore', asn: 64509, label: 'Rented servers' }),
  piece('203.0.113', 3, { country: 'BR', place: 'Recife', asn: 64510, label: 'Dial-up' }),
  piece('203.0.113', 4, { country: 'PL', place: 'Gdansk', asn: 64511, label: 'Rented servers' }),
  piece('203.0.113', 5, { country: 'ZA', place: 'Durban', asn: 64510, label: 'Dial-up' }),
  piece('203.0.113', 6, { country: 'FR', place: 'Lille', asn: 64507, label: 'Anonymising relay' }),
  piece('203.0.113', 7, { country: 'US', place: 'Reno', asn: 64508, label: 'Scanner' }),
];

/** Certificate authorities. The first three are ours to use, the last is the surprise of the scenario. */
export const CAS = {
  internal: 'Lysfjord Internal CA 1',
  public: 'Example Trust R3',
  clients: 'Lysfjord Client CA',
  rogue: 'QuickCert Free DV 7',
} as const;

export const MONITORED_DOMAINS = ['example.com', 'lysfjord.example.org'] as const;

/** Lists that rules name: structurally `Lists` of `src/condition/tree.ts`. */
export const DEMO_LISTS: ReadonlyMap<
  string,
  { readonly kind: 'text' | 'domain' | 'cidr'; readonly values: readonly string[] }
> = new Map([
  ['monitored_domains', { kind: 'domain' as const, values: [...MONITORED_DOMAINS] }],
  // Vault's log names the mount that issues, not the issuer.
  ['approved_cas', { kind: 'text' as const, values: [CAS.internal, CAS.public, CAS.clients, 'pki_int'] }],
]);
