/**
 * The Security channel (and the AD CS, log and service events beside it) to the vocabulary. Field names are those
 * of Microsoft's "Appendix L: Events to Monitor" and the event descriptions of Windows 10/Server 2016 and later.
 */
import { addNames, revocationReason, serialFromHex, setDn } from '../../lib/certs.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import type { EventFields } from '../../../src/model/event.ts';
import type { WinEvent } from './shape.ts';
import { account, baseName, hexOrDecimal, ip, put } from './values.ts';

type Mapper = (e: WinEvent, out: EventFields) => void;

const LOGON_TYPES: ReadonlyMap<string, string> = new Map([
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
const STATUS: ReadonlyMap<string, string> = new Map([
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
const KERBEROS: ReadonlyMap<number, string> = new Map([
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

const subject: Mapper = (e, out) => {
  account(
    out,
    'user',
    e.data.get('SubjectUserName'),
    e.data.get('SubjectDomainName'),
    e.data.get('SubjectUserSid'),
  );
};
const target = (e: WinEvent, out: EventFields): void => {
  account(
    out,
    'user.target',
    e.data.get('TargetUserName'),
    e.data.get('TargetDomainName'),
    e.data.get('TargetSid') ?? e.data.get('TargetUserSid'),
  );
};
const targetAsActor: Mapper = (e, out) => {
  account(
    out,
    'user',
    e.data.get('TargetUserName'),
    e.data.get('TargetDomainName'),
    e.data.get('TargetUserSid') ?? e.data.get('TargetSid'),
  );
};

function peer(e: WinEvent, out: EventFields): void {
  put(out, 'source.ip', ip(e.data.get('IpAddress')));
  const port = e.data.get('IpPort');
  if (port !== '0' && port !== '-') put(out, 'source.port', port);
  put(out, 'source.domain', e.data.get('WorkstationName') ?? e.data.get('Workstation'));
}

const logon =
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

function processOf(e: WinEvent, out: EventFields, nameKey: string, pidKey: string): void {
  const exe = e.data.get(nameKey);
  put(out, 'process.executable', exe);
  put(out, 'process.name', baseName(exe));
  put(out, 'process.pid', hexOrDecimal(e.data.get(pidKey)));
}

const onAccount =
  (action: string): Mapper =>
  (e, out) => {
    applyAction(out, action, 'success');
    subject(e, out);
    target(e, out);
  };

/** TargetUserName is the group here, MemberSid/MemberName (a DN) the member. */
const onMember =
  (action: string): Mapper =>
  (e, out) => {
    applyAction(out, action, 'success');
    subject(e, out);
    put(out, 'group.name', e.data.get('TargetUserName'));
    put(out, 'group.id', e.data.get('TargetSid'));
    put(out, 'group.domain', e.data.get('TargetDomainName'));
    put(out, 'user.target.id', e.data.get('MemberSid'));
    put(out, 'user.target.name', /^CN=((?:[^,\\]|\\.)+)/i.exec(e.data.get('MemberName') ?? '')?.[1]);
  };

const onGroup =
  (action: string): Mapper =>
  (e, out) => {
    applyAction(out, action, 'success');
    subject(e, out);
    put(out, 'group.name', e.data.get('TargetUserName'));
    put(out, 'group.id', e.data.get('TargetSid'));
  };

const kerberos =
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

const processStarted: Mapper = (e, out) => {
  applyAction(out, 'process_started', 'success');
  subject(e, out);
  processOf(e, out, 'NewProcessName', 'NewProcessId');
  put(out, 'process.command_line', e.data.get('CommandLine'));
  put(out, 'process.parent.executable', e.data.get('ParentProcessName'));
  put(out, 'process.parent.name', baseName(e.data.get('ParentProcessName')));
  put(out, 'process.parent.pid', hexOrDecimal(e.data.get('ProcessId')));
  account(out, 'user.effective', e.data.get('TargetUserName'), e.data.get('TargetDomainName'), undefined);
};

const serviceInstalled: Mapper = (e, out) => {
  applyAction(out, 'service_installed', 'success');
  subject(e, out);
  put(out, 'service.name', e.data.get('ServiceName'));
  put(out, 'process.command_line', e.data.get('ServiceFileName') ?? e.data.get('ImagePath'));
};

const scheduledTask =
  (action: string): Mapper =>
  (e, out) => {
    applyAction(out, action, 'success');
    subject(e, out);
    put(out, 'service.name', e.data.get('TaskName'));
  };

const logCleared: Mapper = (e, out) => {
  applyAction(out, 'log_cleared', 'success');
  subject(e, out);
};

const certificate =
  (action: string, outcome: 'success' | 'failure'): Mapper =>
  (e, out) => {
    applyAction(out, action, outcome);
    const requester = e.data.get('Requester') ?? e.data.get('CallerName');
    put(out, 'certificate.requester', requester);
    const [domain, name] =
      requester?.includes('\\') === true ? requester.split('\\') : [undefined, requester];
    account(out, 'user', name, domain, undefined);
    put(out, 'certificate.request_id', e.data.get('RequestId'));
    put(
      out,
      'certificate.template',
      e.data.get('CertificateTemplate') ?? attribute(e, 'CertificateTemplate'),
    );
    setDn(out, 'subject', e.data.get('Subject'));
    addNames(out, e.data.get('SubjectAlternativeName'));
    addNames(out, attribute(e, 'san'));
    put(
      out,
      'x509.serial_number',
      serialFromHex(e.data.get('SerialNumber') ?? e.data.get('CertificateSerialNumber')),
    );
    put(out, 'certificate.authority', e.data.get('CertificateAuthority') ?? e.computer);
  };

/** `Attributes` of AD CS: `name:value` lines; a `san:` line is a requester's own choice of names. */
const attribute = (e: WinEvent, name: string): string | undefined => {
  for (const line of (e.data.get('Attributes') ?? '').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && line.slice(0, colon).trim().toLowerCase() === name.toLowerCase())
      return line.slice(colon + 1).trim();
  }
  return undefined;
};

const certificateRevoked: Mapper = (e, out) => {
  certificate('certificate_revoked', 'success')(e, out);
  put(
    out,
    'certificate.revocation_reason',
    revocationReason(e.data.get('Reason') ?? e.data.get('RevocationReason')),
  );
  subject(e, out);
  put(out, 'certificate.authorized_by', e.data.get('SubjectUserName'));
};

const objectAccess: Mapper = (e, out) => {
  const type = e.data.get('ObjectType');
  const name = e.data.get('ObjectName');
  applyAction(
    out,
    type === 'File' && name !== undefined && name !== '-' ? 'file_accessed' : 'object_accessed',
  );
  subject(e, out);
  if (type === 'Key') put(out, 'registry.path', name);
  else put(out, 'file.path', name);
  processOf(e, out, 'ProcessName', 'ProcessId');
};

export const SECURITY: ReadonlyMap<number, Mapper> = new Map<number, Mapper>([
  [1102, logCleared],
  [1100, (_e, out) => applyAction(out, 'audit_stopped', 'success')],
  [4608, (_e, out) => applyAction(out, 'system_started')],
  [4624, logon(true)],
  [4625, logon(false)],
  [
    4634,
    (e, out) => {
      applyAction(out, 'user_logout');
      targetAsActor(e, out);
    },
  ],
  [
    4647,
    (e, out) => {
      applyAction(out, 'user_logout');
      targetAsActor(e, out);
    },
  ],
  [
    4648,
    (e, out) => {
      applyAction(out, 'explicit_credentials_used');
      subject(e, out);
      target(e, out);
      peer(e, out);
      put(out, 'destination.domain', e.data.get('TargetServerName'));
      processOf(e, out, 'ProcessName', 'ProcessId');
    },
  ],
  [4656, objectAccess],
  [4663, objectAccess],
  [
    4657,
    (e, out) => {
      subject(e, out);
      applyAction(out, 'registry_changed', 'success');
      put(
        out,
        'registry.path',
        [e.data.get('ObjectName'), e.data.get('ObjectValueName')].filter(Boolean).join('\\'),
      );
      processOf(e, out, 'ProcessName', 'ProcessId');
    },
  ],
  [
    4672,
    (e, out) => {
      applyAction(out, 'privilege_assigned', 'success');
      subject(e, out);
    },
  ],
  [
    4673,
    (e, out) => {
      applyAction(out, 'privilege_used');
      subject(e, out);
      processOf(e, out, 'ProcessName', 'ProcessId');
    },
  ],
  [4688, processStarted],
  [
    4689,
    (e, out) => {
      applyAction(out, 'process_ended');
      subject(e, out);
      processOf(e, out, 'ProcessName', 'ProcessId');
    },
  ],
  [4697, serviceInstalled],
  [4698, scheduledTask('scheduled_task_created')],
  [4699, scheduledTask('scheduled_task_deleted')],
  [4700, scheduledTask('scheduled_task_changed')],
  [4701, scheduledTask('scheduled_task_changed')],
  [4702, scheduledTask('scheduled_task_changed')],
  [
    4719,
    (e, out) => {
      applyAction(out, 'policy_changed', 'success');
      subject(e, out);
    },
  ],
  [4720, onAccount('user_created')],
  [4722, onAccount('user_enabled')],
  [
    4723,
    (e, out) => {
      onAccount('password_changed')(e, out);
      audited(e, out);
    },
  ],
  [
    4724,
    (e, out) => {
      onAccount('password_reset')(e, out);
      audited(e, out);
    },
  ],
  [4725, onAccount('user_disabled')],
  [4726, onAccount('user_deleted')],
  [4738, onAccount('user_changed')],
  [
    4740,
    (e, out) => {
      onAccount('account_locked')(e, out);
      put(out, 'source.domain', e.data.get('TargetDomainName'));
    },
  ],
  [4767, onAccount('account_unlocked')],
  [4781, onAccount('user_changed')],
  [4741, onAccount('user_created')],
  [4742, onAccount('user_changed')],
  [4743, onAccount('user_deleted')],
  ...[4727, 4731, 4744, 4749, 4754, 4759].map((id) => [id, onGroup('group_created')] as const),
  ...[4730, 4734, 4748, 4753, 4758, 4763].map((id) => [id, onGroup('group_deleted')] as const),
  ...[4735, 4737, 4745, 4750, 4755, 4760].map((id) => [id, onGroup('group_changed')] as const),
  ...[4728, 4732, 4746, 4751, 4756, 4761].map((id) => [id, onMember('group_member_added')] as const),
  ...[4729, 4733, 4747, 4752, 4757, 4762].map((id) => [id, onMember('group_member_removed')] as const),
  [4768, kerberos('kerberos_tgt_requested')],
  [4769, kerberos('kerberos_service_ticket_requested')],
  [4770, kerberos('kerberos_ticket_renewed')],
  [4771, kerberos('kerberos_preauth_failed')],
  [
    4776,
    (e, out) => {
      const status = (e.data.get('Status') ?? '0x0').toLowerCase();
      applyAction(out, 'credentials_validated', Number(status) === 0 ? 'success' : 'failure');
      account(out, 'user', e.data.get('TargetUserName'), undefined, undefined);
      put(out, 'source.domain', e.data.get('Workstation'));
      if (Number(status) !== 0) put(out, 'event.reason', STATUS.get(status) ?? status);
    },
  ],
  [4886, certificate('certificate_requested', 'success')],
  [4887, certificate('certificate_issued', 'success')],
  [4888, certificate('certificate_denied', 'failure')],
  [4870, certificateRevoked],
  [
    5140,
    (e, out) => {
      applyAction(out, 'object_accessed');
      subject(e, out);
      peer(e, out);
      put(out, 'file.path', e.data.get('ShareName'));
    },
  ],
  [
    5145,
    (e, out) => {
      applyAction(out, 'object_accessed');
      subject(e, out);
      peer(e, out);
      put(out, 'file.path', e.data.get('RelativeTargetName'));
    },
  ],
  [
    5156,
    (e, out) => {
      filtering('network_allowed')(e, out);
    },
  ],
  [
    5157,
    (e, out) => {
      filtering('network_denied')(e, out);
    },
  ],
]);

/** The audit keyword says whether it worked: 0x8020... success, 0x8010... failure. */
export function audited(e: WinEvent, out: EventFields): void {
  if (/0x8010|failure/i.test(e.keywords)) out.set('event.outcome', 'failure');
  else if (/0x8020|success/i.test(e.keywords)) out.set('event.outcome', 'success');
}

const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['1', 'icmp'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['58', 'ipv6-icmp'],
]);

/** Windows Filtering Platform. */
const filtering =
  (action: string): Mapper =>
  (e, out) => {
    applyAction(out, action);
    put(out, 'source.ip', ip(e.data.get('SourceAddress')));
    put(out, 'source.port', e.data.get('SourcePort'));
    put(out, 'destination.ip', ip(e.data.get('DestAddress')));
    put(out, 'destination.port', e.data.get('DestPort'));
    put(out, 'network.transport', PROTOCOLS.get(e.data.get('Protocol') ?? ''));
    put(out, 'process.executable', e.data.get('Application'));
    put(out, 'process.name', baseName(e.data.get('Application')));
    put(out, 'process.pid', hexOrDecimal(e.data.get('ProcessID')));
  };

export const SYSTEM: ReadonlyMap<number, Mapper> = new Map<number, Mapper>([
  [104, logCleared],
  [7045, serviceInstalled],
  [
    7034,
    (e, out) => {
      applyAction(out, 'service_failed', 'failure');
      put(out, 'service.name', e.data.get('param1'));
    },
  ],
  [
    7036,
    (e, out) => {
      applyAction(
        out,
        /stop/i.test(e.data.get('param2') ?? '') ? 'service_stopped' : 'service_started',
        'success',
      );
      put(out, 'service.name', e.data.get('param1'));
    },
  ],
  [
    7040,
    (e, out) => {
      applyAction(out, 'configuration_changed', 'success');
      put(out, 'service.name', e.data.get('param1'));
    },
  ],
  [6005, (_e, out) => applyAction(out, 'system_started')],
  [6006, (_e, out) => applyAction(out, 'system_stopped')],
  [
    1074,
    (e, out) => {
      applyAction(out, 'system_stopped');
      account(out, 'user', e.data.get('param7'), undefined, undefined);
    },
  ],
]);
