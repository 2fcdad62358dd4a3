/** Logons and Kerberos of the Security channel, and the accounts and peers that its events name. */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { serialFromHex } from '../../lib/certs.ts';
import type { WinEvent } from './shape.ts';
import { account, baseName, hexOrDecimal, ip, put } from './values.ts';

export type Mapper = (e: WinEvent, out: EventFields) => void;

export const LOGON_TYPES: ReadonlyMap<string, string> = new Map([
  ['2', 'interactive'],
  ['3', 'network'],
  ['4', 'batch'],
  ['5', 'service'],
  ['7', 'unlock'],
  ['8', 'network_cleartext'],
  ['9', 'new_credentials'],
  ['10', 'remote_interactive'],
  ['11', 'cached_interactive'],
]);

/** NTSTATUS of failed logons (MS-ERREF). */
export const STATUS: ReadonlyMap<string, string> = new Map([
  ['0xc0000064', 'no such user'],
  ['0xc000006a', 'wrong password'],
  ['0xc000006d', 'bad user name or password'],
  ['0xc000006e', 'account restriction'],
  ['0xc000006f', 'outside logon hours'],
  ['0xc0000070', 'workstation not allowed'],
  ['0xc0000071', 'password expired'],
  ['0xc0000072', 'account disabled'],
  ['0xc0000133', 'clocks differ too much'],
  ['0xc000015b', 'logon type not granted'],
  ['0xc0000193', 'account expired'],
  ['0xc0000224', 'password must be changed'],
  ['0xc0000234', 'account locked out'],
]);

/** Kerberos error codes (RFC 4120 section 7.5.9). */
export const KERBEROS: ReadonlyMap<number, string> = new Map([
  [0x6, 'no such user'],
  [0x7, 'no such service'],
  [0xc, 'policy restriction'],
  [0x12, 'account disabled, expired or locked out'],
  [0x17, 'password expired'],
  [0x18, 'wrong password'],
  [0x19, 'pre-authentication required'],
  [0x20, 'ticket expired'],
  [0x25, 'clocks differ too much'],
]);

export const subject: Mapper = (e, out) => {
  account(
    out,
    'user',
    e.data.get('SubjectUserName'),
    e.data.get('SubjectDomainName'),
    e.data.get('SubjectUserSid'),
  );
};
export const target = (e: WinEvent, out: EventFields): void => {
  account(
    out,
    'user.target',
    e.data.get('TargetUserName'),
    e.data.get('TargetDomainName'),
    e.data.get('TargetSid') ?? e.data.get('TargetUserSid'),
  );
};
export const targetAsActor: Mapper = (e, out) => {
  account(
    out,
    'user',
    e.data.get('TargetUserName'),
    e.data.get('TargetDomainName'),
    e.data.get('TargetUserSid') ?? e.data.get('TargetSid'),
  );
};

export function peer(e: WinEvent, out: EventFields): void {
  put(out, 'source.ip', ip(e.data.get('IpAddress')));
  const port = e.data.get('IpPort');
  if (port !== '0' && port !== '-') put(out, 'source.port', port);
  put(out, 'source.domain', e.data.get('WorkstationName') ?? e.data.get('Workstation'));
}

export const logon =
  (ok: boolean): Mapper =>
  (e, out) => {
    const type = e.data.get('LogonType') ?? '';
    applyAction(out, type === '7' ? 'user_reauthentication' : 'user_login', ok ? 'success' : 'failure');
    targetAsActor(e, out);
    peer(e, out);
    put(out, 'winlog.logon.type', LOGON_TYPES.get(type));
    processOf(e, out, 'ProcessName', 'ProcessId');
    if (ok) return;
    const sub = e.data.get('SubStatus')?.toLowerCase();
    const code = sub !== undefined && sub !== '0x0' ? sub : e.data.get('Status')?.toLowerCase();
    put(out, 'event.reason', STATUS.get(code ?? '') ?? e.data.get('FailureReason'));
  };

export function processOf(e: WinEvent, out: EventFields, nameKey: string, pidKey: string): void {
  const exe = e.data.get(nameKey);
  put(out, 'process.executable', exe);
  put(out, 'process.name', baseName(exe));
  put(out, 'process.pid', hexOrDecimal(e.data.get(pidKey)));
}

export const kerberos =
  (action: string): Mapper =>
  (e, out) => {
    const status = e.data.get('Status') ?? '0x0';
    const code = Number(status);
    applyAction(out, action, code === 0 ? 'success' : 'failure');
    const [name, realm] = (e.data.get('TargetUserName') ?? '').split('@');
    account(out, 'user', name, e.data.get('TargetDomainName') ?? realm, e.data.get('TargetSid'));
    put(out, 'service.name', e.data.get('ServiceName'));
    peer(e, out);
    if (code !== 0) put(out, 'event.reason', KERBEROS.get(code) ?? status);
    // Smart card or certificate logon (PKINIT): which certificate it was.
    const serial = serialFromHex(e.data.get('CertSerialNumber'));
    if (serial === undefined) return;
    put(out, 'x509.serial_number', serial);
    put(out, 'x509.issuer.common_name', e.data.get('CertIssuerName'));
  };
