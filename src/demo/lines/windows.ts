/**
 * Windows Security events as Winlogbeat sends them, and Security and Sysmon events in the shape of `evtx_dump`.
 * Each is one JSON object on a line.
 */
import { isoMicro, isoMilli } from './stamps.ts';

export type WinHead = { readonly at: number; readonly computer: string; readonly record: number };
type Data = Readonly<Record<string, string | number>>;

/** Winlogbeat: `winlog.*` below an ECS skeleton. */
export function winlogbeat(
  h: WinHead,
  e: {
    id: number;
    channel?: string;
    provider?: string;
    ok?: boolean;
    data?: Data;
    user?: Data;
    message?: string;
  },
): string {
  const provider = e.provider ?? 'Microsoft-Windows-Security-Auditing';
  return JSON.stringify({
    '@timestamp': isoMilli(h.at),
    winlog: {
      channel: e.channel ?? 'Security',
      event_id: e.id,
      provider_name: provider,
      computer_name: `${h.computer}.corp.example.com`,
      record_id: h.record,
      keywords: [e.ok === false ? 'Audit Failure' : 'Audit Success'],
      ...(e.data === undefined ? {} : { event_data: e.data }),
      ...(e.user === undefined ? {} : { user_data: e.user }),
    },
    host: { name: h.computer },
    log: { level: 'information' },
    ...(e.message === undefined ? {} : { message: e.message }),
  });
}

/** `evtx_dump -o jsonl`. */
export function evtx(
  h: WinHead,
  e: { id: number; channel: string; provider: string; data?: Data; userData?: unknown; keywords?: string },
): string {
  return JSON.stringify({
    Event: {
      '#attributes': { xmlns: 'http://schemas.microsoft.com/win/2004/08/events/event' },
      System: {
        Provider: { '#attributes': { Name: e.provider } },
        EventID: e.id,
        Level: e.channel === 'Security' ? 0 : 4,
        Keywords: e.keywords ?? '0x8020000000000000',
        TimeCreated: { '#attributes': { SystemTime: isoMicro(h.at) } },
        EventRecordID: h.record,
        Channel: e.channel,
        Computer: `${h.computer}.corp.example.com`,
      },
      ...(e.data === undefined ? {} : { EventData: e.data }),
      ...(e.userData === undefined ? {} : { UserData: e.userData }),
    },
  });
}

export type WinUser = { readonly user: string; readonly sid: string };
export type Logon = WinUser & {
  readonly ok: boolean;
  readonly type: 2 | 3 | 10;
  readonly ip: string;
  readonly port: number;
  readonly workstation: string;
  readonly logonId: string;
};

/** 4624 or 4625. */
export function winLogon(h: WinHead, l: Logon): string {
  const common = {
    SubjectUserSid: 'S-1-0-0',
    SubjectUserName: '-',
    TargetUserName: l.user,
    TargetDomainName: 'CORP',
    TargetUserSid: l.ok ? l.sid : 'S-1-0-0',
    LogonType: String(l.type),
    WorkstationName: l.workstation.toUpperCase(),
    IpAddress: l.ip,
    IpPort: String(l.port),
    AuthenticationPackageName: l.type === 3 ? 'Kerberos' : 'Negotiate',
  };
  if (l.ok) return winlogbeat(h, { id: 4624, data: { ...common, TargetLogonId: l.logonId } });
  return winlogbeat(h, {
    id: 4625,
    ok: false,
    data: { ...common, Status: '0xc000006d', SubStatus: '0xc000006a', FailureReason: '%%2313' },
  });
}

/** 4769: a Kerberos service ticket. */
export const winTicket = (h: WinHead, u: WinUser, service: string, ip: string, port: number): string =>
  winlogbeat(h, {
    id: 4769,
    data: {
      TargetUserName: `${u.user}@CORP.EXAMPLE.COM`,
      TargetDomainName: 'CORP.EXAMPLE.COM',
      ServiceName: service,
      ServiceSid: 'S-1-5-21-1004336348-1177238915-682003330-2001',
      TicketEncryptionType: '0x12',
      IpAddress: `::ffff:${ip}`,
      IpPort: String(port),
      Status: '0x0',
    },
  });

export type Start = WinUser & {
  readonly image: string;
  readonly commandLine: string;
  readonly parent: string;
  readonly parentLine: string;
  readonly pid: number;
  readonly ppid: number;
  readonly sha256: string;
};
const SYSMON = { channel: 'Microsoft-Windows-Sysmon/Operational', provider: 'Microsoft-Windows-Sysmon' };
const sysmonTime = (at: number): string => isoMilli(at).replace('T', ' ').slice(0, -1);

/** 4688 in the shape of evtx_dump. */
export const winProcess = (h: WinHead, p: Start): string =>
  evtx(h, {
    id: 4688,
    channel: 'Security',
    provider: 'Microsoft-Windows-Security-Auditing',
    data: {
      SubjectUserSid: p.sid,
      SubjectUserName: p.user,
      SubjectDomainName: 'CORP',
      NewProcessId: `0x${p.pid.toString(16)}`,
      NewProcessName: p.image,
      ProcessId: `0x${p.ppid.toString(16)}`,
      CommandLine: p.commandLine,
      TargetUserName: '-',
      ParentProcessName: p.parent,
    },
  });

/** Sysmon 1. */
export const sysmonProcess = (h: WinHead, p: Start): string =>
  evtx(h, {
    id: 1,
    ...SYSMON,
    keywords: '0x8000000000000000',
    data: {
      RuleName: '-',
      UtcTime: sysmonTime(h.at),
      ProcessId: p.pid,
      Image: p.image,
      CommandLine: p.commandLine,
      CurrentDirectory: `C:\\Users\\${p.user}\\`,
      User: `CORP\\${p.user}`,
      Hashes: `SHA256=${p.sha256}`,
      ParentProcessId: p.ppid,
      ParentImage: p.parent,
      ParentCommandLine: p.parentLine,
    },
  });

/** Sysmon 3. */
export const sysmonConnection = (
  h: WinHead,
  c: { user: string; image: string; pid: number; src: string; spt: number; dst: string; dpt: number },
): string =>
  evtx(h, {
    id: 3,
    ...SYSMON,
    keywords: '0x8000000000000000',
    data: {
      RuleName: '-',
      UtcTime: sysmonTime(h.at),
      ProcessId: c.pid,
      Image: c.image,
      User: `CORP\\${c.user}`,
      Protocol: 'tcp',
      Initiated: 'true',
      SourceIp: c.src,
      SourcePort: c.spt,
      DestinationIp: c.dst,
      DestinationPort: c.dpt,
    },
  });

/** 1102: the Security log was cleared. */
export const winCleared = (h: WinHead, u: WinUser): string =>
  evtx(h, {
    id: 1102,
    channel: 'Security',
    provider: 'Microsoft-Windows-Eventlog',
    keywords: '0x4020000000000000',
    userData: {
      LogFileCleared: {
        SubjectUserSid: u.sid,
        SubjectUserName: u.user,
        SubjectDomainName: 'CORP',
        SubjectLogonId: '0x8a41f',
      },
    },
  });

/** 4720: a user account was created. */
export const winUserCreated = (h: WinHead, by: WinUser, target: WinUser): string =>
  winlogbeat(h, {
    id: 4720,
    data: {
      TargetUserName: target.user,
      TargetDomainName: 'CORP',
      TargetSid: target.sid,
      SubjectUserSid: by.sid,
      SubjectUserName: by.user,
      SubjectDomainName: 'CORP',
    },
  });

/** 4728: a member was added to a global group. */
export const winGroupJoined = (h: WinHead, by: WinUser, target: WinUser, group: string): string =>
  winlogbeat(h, {
    id: 4728,
    data: {
      MemberName: `CN=${target.user},OU=Staff,DC=corp,DC=example,DC=com`,
      MemberSid: target.sid,
      TargetUserName: group,
      TargetDomainName: 'CORP',
      TargetSid: 'S-1-5-21-1004336348-1177238915-682003330-512',
      SubjectUserSid: by.sid,
      SubjectUserName: by.user,
      SubjectDomainName: 'CORP',
    },
  });
