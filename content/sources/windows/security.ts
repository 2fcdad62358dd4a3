/**
 * The Security channel (and the AD CS, log and service events beside it) to the vocabulary. Field names are those
 * of Microsoft's "Appendix L: Events to Monitor" and the event descriptions of Windows 10/Server 2016 and later.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { certificate, certificateRevoked } from './adcs.ts';
import {
  kerberos,
  logon,
  type Mapper,
  peer,
  processOf,
  STATUS,
  subject,
  target,
  targetAsActor,
} from './logon.ts';
import type { WinEvent } from './shape.ts';
import { account, baseName, hexOrDecimal, ip, put } from './values.ts';

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

const subjectDid =
  (action: string): Mapper =>
  (e, out) => {
    applyAction(out, action);
    audited(e, out);
    subject(e, out);
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
  ...[
    4670, 4703, 4704, 4705, 4706, 4707, 4713, 4716, 4717, 4718, 4739, 4817, 4902, 4904, 4905, 4907, 4912,
  ].map((id) => [id, subjectDid('policy_changed')] as const),
  ...[4946, 4947, 4948, 4950, 4954].map((id) => [id, subjectDid('configuration_changed')] as const),
  [
    4674,
    (e, out) => {
      applyAction(out, 'privilege_used');
      audited(e, out);
      subject(e, out);
      processOf(e, out, 'ProcessName', 'ProcessId');
    },
  ],
  [4964, subjectDid('privilege_assigned')],
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
  [5156, filtering('network_allowed')],
  [5157, filtering('network_denied')],
]);

/** The audit keyword says whether it worked: 0x8020... success, 0x8010... failure. */
export function audited(e: WinEvent, out: EventFields): void {
  if (/0x8010|failure/i.test(e.keywords)) out.set('event.outcome', 'failure');
  else if (/0x8020|success/i.test(e.keywords)) out.set('event.outcome', 'success');
}

export const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['1', 'icmp'],
  ['6', 'tcp'],
  ['17', 'udp'],
  ['58', 'ipv6-icmp'],
]);

/** Windows Filtering Platform. */
function filtering(action: string): Mapper {
  return (e, out) => {
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
}

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
