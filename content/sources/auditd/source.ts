/**
 * Linux audit events (auditd's log, audispd over syslog, the kernel's `audit:` lines). The records of one event arrive
 * joined by newlines; single ones are read too. All values stay under `auditd.<key>` (Sigma's auditd names live there):
 * `auditd.type` lists the record types, `auditd.a0...` are EXECVE's arguments (the system call's registers otherwise),
 * `auditd.name` lists the paths.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { missingFields, type Outcome } from '../../../src/model/vocabulary.ts';
import { defineSource } from '../../../src/normalize/source.ts';
import { act, syscallName, type View } from './actions.ts';
import {
  type AuditEvent,
  type AuditRecord,
  parseAudit,
  RECORDS_MAX,
  sockaddr,
  VALUES_MAX,
} from './records.ts';

const UNSET = '4294967295';
/** Arguments joined into the command line. */
const ARGS_MAX = 256;

export default defineSource({
  name: 'auditd',
  version: 1,
  title: 'Linux audit (auditd)',
  recognise: {
    programs: ['audit', 'auditd', 'audispd', 'audisp-syslog'],
    prefixes: ['type=', 'audit: type=', 'node='],
    sniff: (message) => message.slice(0, 300).includes('audit('),
  },
  parse: (input, out) => {
    const event = parseAudit(input.message);
    if (event === undefined) return 'no';
    const get = (key: string): string | undefined => {
      for (const r of event.records) {
        const v = r.values.get(key);
        if (v !== undefined && v !== '?' && v !== '(null)' && v !== '(none)' && v !== '') return v;
      }
      return undefined;
    };
    out.setOurs('@timestamp', event.time);
    out.set('event.kind', 'event');
    out.set('event.provider', 'auditd');
    out.set('event.code', event.records[0]?.type ?? '');
    if (event.node !== '') out.set('host.name', event.node);
    if (event.records.length >= RECORDS_MAX || event.records.some((r) => r.values.size >= VALUES_MAX))
      out.overflow++;
    keep(event, out);
    identity(get, out);
    process(event, get, out);
    const nametype = path(event, get, out);
    network(get, out);
    const result = outcome(get);
    const types = new Set(event.records.map((r) => r.type));
    const view: View = {
      types,
      get,
      syscall: syscallName(get('arch'), get('syscall'), get('SYSCALL')),
      nametype,
      outcome: result,
    };
    if (view.syscall !== undefined) out.set('auditd.syscall', view.syscall);
    if (result !== undefined) out.set('event.outcome', result);
    act(view, out);
    targets(view, out);
    return missingFields(out).length === 0 ? 'parsed' : 'partial';
  },
});

function outcome(get: (key: string) => string | undefined): Outcome | undefined {
  const v = (get('res') ?? get('success') ?? get('result') ?? '').toLowerCase();
  if (v === 'success' || v === 'yes' || v === '1') return 'success';
  return v === 'failed' || v === 'no' || v === '0' || v === 'fail' ? 'failure' : undefined;
}

function keep(event: AuditEvent, out: EventFields): void {
  out.set('auditd.sequence', event.serial);
  const types: string[] = [];
  for (const r of event.records) {
    if (!types.includes(r.type)) types.push(r.type);
    for (const [key, value] of r.values) {
      const register = r.type === 'SYSCALL' && /^a\d$/.test(key);
      out.append(register && types.includes('EXECVE') ? `auditd.args.${key}` : `auditd.${key}`, value);
    }
  }
  out.set('auditd.type', types);
  // EXECVE follows SYSCALL: its arguments are what a0... mean to a reader.
  const exec = event.records.find((r) => r.type === 'EXECVE');
  if (exec === undefined) return;
  for (const [key, value] of exec.values) {
    if (!/^a\d+$/.test(key)) continue;
    const register = event.records.find((r) => r.type === 'SYSCALL')?.values.get(key);
    if (register !== undefined) out.set(`auditd.args.${key}`, register);
    out.set(`auditd.${key}`, value);
  }
}

function identity(get: (key: string) => string | undefined, out: EventFields): void {
  const id = (name: string, key: string): void => {
    const v = get(key);
    if (v !== undefined && v !== UNSET && v !== '-1') out.set(name, v);
  };
  id('user.id', 'uid');
  id('user.audit.id', 'auid');
  id('user.effective.id', 'euid');
  id('user.audit.name', 'AUID');
  const name = get('UID');
  if (name !== undefined && name !== 'unset') out.set('user.name', name);
  else if (get('uid') === '0') out.set('user.name', 'root');
  const effective = get('EUID');
  if (effective !== undefined && effective !== name) out.set('user.effective.name', effective);
}

function process(event: AuditEvent, get: (key: string) => string | undefined, out: EventFields): void {
  out.set('process.pid', get('pid'));
  out.set('process.parent.pid', get('ppid'));
  const exe = get('exe');
  out.set('process.executable', exe);
  out.set('process.name', get('comm') ?? exe?.slice(exe.lastIndexOf('/') + 1));
  out.set('process.working_directory', get('cwd'));
  const exec = event.records.find((r) => r.type === 'EXECVE');
  const args = exec === undefined ? [] : argumentsOf(exec);
  if (args.length >= ARGS_MAX) out.overflow++;
  const title = get('proctitle')?.replaceAll('\0', ' ').trim();
  out.set('process.command_line', args.length > 0 ? args.join(' ') : (get('cmd') ?? title));
  if (args.length > 0) out.set('process.args', args);
  if (title !== undefined) out.set('process.title', title);
}

function argumentsOf(exec: AuditRecord): string[] {
  const out: string[] = [];
  for (const [key, value] of exec.values) {
    if (/^a\d+(?:\[\d+\])?$/.test(key) && out.length < ARGS_MAX) out.push(value);
  }
  return out;
}

/** The path that was acted upon: created or deleted first, else the first that is no parent folder. */
function path(
  event: AuditEvent,
  get: (key: string) => string | undefined,
  out: EventFields,
): string | undefined {
  const paths = event.records.filter((r) => r.type === 'PATH');
  const of = (re: RegExp): AuditRecord | undefined =>
    paths.find((r) => re.test(r.values.get('nametype') ?? r.values.get('objtype') ?? ''));
  const chosen = of(/CREATE|DELETE/) ?? of(/NORMAL/) ?? paths[0];
  const name = chosen?.values.get('name') ?? (get('apparmor') === undefined ? undefined : get('name'));
  if (name === undefined || name === '(null)') return undefined;
  const cwd = get('cwd');
  out.set(
    'file.path',
    name.startsWith('/') || cwd === undefined ? name : `${cwd.replace(/\/$/, '')}/${name}`,
  );
  return chosen?.values.get('nametype') ?? chosen?.values.get('objtype');
}

function network(get: (key: string) => string | undefined, out: EventFields): void {
  const address = get('addr');
  if (address !== undefined) out.set('source.ip', address);
  const host = get('hostname');
  // Without an address, `hostname` is the machine's own name (useradd, passwd).
  if (address !== undefined && host !== undefined && host !== address) out.set('source.domain', host);
  const saddr = get('saddr');
  const to = saddr === undefined ? undefined : sockaddr(saddr);
  const ip = to?.ip ?? get('laddr');
  if (ip === undefined) return;
  // The address of `accept` is the peer that came in.
  const side = /^accept/.test(syscallName(get('arch'), get('syscall'), get('SYSCALL')) ?? '')
    ? 'source'
    : 'destination';
  out.set(`${side}.ip`, ip);
  out.set(`${side}.port`, to?.port ?? get('lport'));
}

function targets(v: View, out: EventFields): void {
  const account = v.get('acct') ?? v.get('ID') ?? v.get('id');
  const action = out.text('event.action') ?? '';
  if (/^(?:user_(?:created|deleted|changed)|password_|account_|role_)/.test(action))
    out.set('user.target.name', account);
  else if (action.startsWith('group_'))
    out.set('group.name', v.get('grp') ?? v.get('acct') ?? v.get('GID') ?? v.get('id'));
  else if (action.startsWith('service_')) out.set('service.name', v.get('unit'));
  else if (
    /^(?:ssh_login|user_login|pam_login|auth_detail|session_|user_logout)/.test(action) &&
    account !== undefined
  ) {
    // The record's uid is the login program's (0), not that of the one who logs in.
    out.delete('user.id');
    out.delete('user.name');
    out.set(/^\d+$/.test(account) ? 'user.id' : 'user.name', account);
  }
  if (action === 'ssh_login') out.set('network.protocol', 'ssh');
}
