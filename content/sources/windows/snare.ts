/**
 * Windows events as Snare and agents like it write them in one line: `MSWinEventLog`, criticality, channel, counter, time, event
 * number, provider, user, kind of SID, type, computer, category, data, the expanded message, checksum; tabs between.
 *
 * Of the message, process starts (4688) and logons (4624, 4625) are read by their English labels. A sender chooses the
 * account and the workstation of a logon, and may write labels into them. So where it came from is read from the end, and
 * what stands before that from the front: of an account that looks like the rest of the message, the domain and the reason
 * are the sender's, the address never is, and what is put into the workstation changes nothing but the workstation. A
 * command line comes last. Other messages stay whole. Held by the golden file, `sources.prop.test.ts` and `test/evasion`.
 */
import { stampMicros } from '../../lib/times.ts';
import type { WinEvent } from './shape.ts';

/** Parts before the message. */
const MESSAGE_PART = 13;
export const SNARE = 'MSWinEventLog\t';

type Labels = readonly (readonly [label: string, name: string])[];

/** Labels in the order of the message, and the names of EventData that they stand for; '' only marks a place. */
const LABELS: ReadonlyMap<number, Labels> = new Map([
  [
    4688,
    [
      ['Subject:', ''],
      ['Security ID:', 'SubjectUserSid'],
      ['Account Name:', 'SubjectUserName'],
      ['Account Domain:', 'SubjectDomainName'],
      ['Logon ID:', 'SubjectLogonId'],
      ['Target Subject:', ''],
      ['Process Information:', ''],
      ['New Process ID:', 'NewProcessId'],
      ['New Process Name:', 'NewProcessName'],
      ['Token Elevation Type:', 'TokenElevationType'],
      ['Mandatory Label:', 'MandatoryLabel'],
      ['Creator Process ID:', 'ProcessId'],
      ['Creator Process Name:', 'ParentProcessName'],
      ['Process Command Line:', 'CommandLine'],
    ],
  ],
  [
    4624,
    [
      ['Logon Type:', 'LogonType'],
      ['New Logon:', ''],
      ['Security ID:', 'TargetUserSid'],
      ['Account Name:', 'TargetUserName'],
      ['Account Domain:', 'TargetDomainName'],
      ['Logon ID:', 'TargetLogonId'],
      ['Logon GUID:', 'LogonGuid'],
      ['Process Information:', ''],
      ['Network Information:', ''],
    ],
  ],
  [
    4625,
    [
      ['Logon Type:', 'LogonType'],
      ['Account For Which Logon Failed:', ''],
      ['Security ID:', 'TargetUserSid'],
      ['Account Name:', 'TargetUserName'],
      ['Account Domain:', 'TargetDomainName'],
      ['Failure Information:', ''],
      ['Failure Reason:', 'FailureReason'],
      ['Status:', 'Status'],
      ['Sub Status:', 'SubStatus'],
      ['Process Information:', ''],
      ['Network Information:', ''],
    ],
  ],
]);

/** What ends the message of a logon; nothing behind it is a sender's. */
const FROM: Labels = [
  ['Workstation Name:', 'WorkstationName'],
  ['Source Network Address:', 'IpAddress'],
  ['Source Port:', 'IpPort'],
  ['Detailed Authentication Information:', ''],
];
const LOGONS: ReadonlySet<number> = new Set([4624, 4625]);

/** The event, undefined where the line is no such. */
export function fromSnare(line: string): WinEvent | undefined {
  if (!line.startsWith(SNARE)) return undefined;
  const parts = line.split('\t', MESSAGE_PART);
  const [, , channel = '', recordId = '', time = '', id = '', provider = '', , , type = '', computer = ''] =
    parts;
  if (!/^\d{1,6}$/.test(id)) return undefined;
  // A command line may hold tabs; behind the last one stands a checksum.
  let at = 0;
  for (let i = 0; i < MESSAGE_PART && at >= 0; i++) at = line.indexOf('\t', at) + 1 || -1;
  const message = at < 0 ? '' : line.slice(at).replace(/\t\d{1,20}\s*$/, '');
  return {
    id: Number(id),
    channel,
    provider,
    computer,
    time: stampMicros(time),
    recordId,
    level: '',
    keywords: type,
    task: parts[11] ?? '',
    opcode: '',
    pid: undefined,
    sid: '',
    message,
    data: dataOf(Number(id), message),
  };
}

/** Values end where the next label that is there begins; three blanks stand before it. */
function dataOf(id: number, message: string): Map<string, string> {
  const data = new Map<string, string>();
  const set = (name: string, value: string): void => {
    if (name !== '' && value.trim() !== '') data.set(name, value.trim());
  };
  let rest = message;
  for (const [label, name] of LOGONS.has(id) ? FROM.toReversed() : []) {
    const at = rest.lastIndexOf(label);
    if (at < 0) continue;
    set(name, rest.slice(at + label.length));
    rest = rest.slice(0, at);
  }
  let name = '';
  let from = 0;
  for (const [label, next] of LABELS.get(id) ?? []) {
    const at = rest.indexOf(label, from);
    if (at < 0) continue;
    set(name, rest.slice(from, at));
    name = next;
    from = at + label.length;
  }
  set(name, rest.slice(from));
  return data;
}
