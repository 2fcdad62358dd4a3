/** What an audit event says happened: by record type (user-space records) or by system call (kernel records). */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction, type Outcome } from '../../../src/model/vocabulary.ts';

export type View = {
  readonly types: ReadonlySet<string>;
  /** First value of a key over all records. */
  readonly get: (key: string) => string | undefined;
  readonly syscall: string | undefined;
  /** nametype of the PATH that was chosen. */
  readonly nametype: string | undefined;
  readonly outcome: Outcome | undefined;
};

/** System calls by architecture: x86_64 and aarch64 numbers (asm/unistd.h). */
const CALLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  c000003e: {
    '2': 'open',
    '42': 'connect',
    '43': 'accept',
    '49': 'bind',
    '50': 'listen',
    '59': 'execve',
    '62': 'kill',
    '82': 'rename',
    '83': 'mkdir',
    '84': 'rmdir',
    '85': 'creat',
    '86': 'link',
    '87': 'unlink',
    '88': 'symlink',
    '90': 'chmod',
    '91': 'fchmod',
    '92': 'chown',
    '93': 'fchown',
    '94': 'lchown',
    '101': 'ptrace',
    '105': 'setuid',
    '165': 'mount',
    '166': 'umount2',
    '175': 'init_module',
    '176': 'delete_module',
    '188': 'setxattr',
    '257': 'openat',
    '258': 'mkdirat',
    '260': 'fchownat',
    '263': 'unlinkat',
    '264': 'renameat',
    '268': 'fchmodat',
    '288': 'accept4',
    '313': 'finit_module',
    '316': 'renameat2',
    '319': 'memfd_create',
    '322': 'execveat',
  },
  c00000b7: {
    '33': 'mknodat',
    '34': 'mkdirat',
    '35': 'unlinkat',
    '38': 'renameat',
    '39': 'umount2',
    '40': 'mount',
    '52': 'fchmod',
    '53': 'fchmodat',
    '54': 'fchownat',
    '55': 'fchown',
    '56': 'openat',
    '105': 'init_module',
    '106': 'delete_module',
    '117': 'ptrace',
    '146': 'setuid',
    '200': 'bind',
    '201': 'listen',
    '202': 'accept',
    '203': 'connect',
    '221': 'execve',
    '273': 'finit_module',
    '276': 'renameat2',
    '279': 'memfd_create',
    '281': 'execveat',
  },
};

/** Name of a system call: as the enriched record says, or by number and architecture, or the number. */
export const syscallName = (
  arch: string | undefined,
  call: string | undefined,
  enriched: string | undefined,
): string | undefined => enriched ?? (call === undefined ? undefined : (CALLS[arch ?? '']?.[call] ?? call));

const BY_TYPE: ReadonlyMap<string, string> = new Map([
  ['USER_AUTH', 'pam_login'],
  ['USER_START', 'session_opened'],
  ['USER_END', 'session_closed'],
  ['USER_LOGOUT', 'user_logout'],
  ['USER_CMD', 'sudo_command'],
  ['ADD_USER', 'user_created'],
  ['DEL_USER', 'user_deleted'],
  ['USER_MGMT', 'user_changed'],
  ['USER_CHAUTHTOK', 'password_changed'],
  ['ACCT_LOCK', 'account_locked'],
  ['ACCT_UNLOCK', 'account_unlocked'],
  ['ADD_GROUP', 'group_created'],
  ['DEL_GROUP', 'group_deleted'],
  ['GRP_MGMT', 'group_changed'],
  ['ROLE_ASSIGN', 'role_granted'],
  ['ROLE_REMOVE', 'role_revoked'],
  ['SERVICE_START', 'service_started'],
  ['SERVICE_STOP', 'service_stopped'],
  ['SYSTEM_BOOT', 'system_started'],
  ['SYSTEM_SHUTDOWN', 'system_stopped'],
  ['DAEMON_START', 'audit_started'],
  ['DAEMON_END', 'audit_stopped'],
  ['DAEMON_ABORT', 'audit_stopped'],
  ['CONFIG_CHANGE', 'policy_changed'],
  ['USYS_CONFIG', 'configuration_changed'],
  ['NETFILTER_CFG', 'configuration_changed'],
  ['MAC_STATUS', 'protection_changed'],
  ['MAC_POLICY_LOAD', 'policy_changed'],
  ['ANOM_ABEND', 'process_crashed'],
  ['SECCOMP', 'permission_denied'],
]);

const FILE_CHANGES =
  /^(?:f?chmod|fchmodat|l?f?chown|fchownat|rename|renameat2?|l?f?setxattr|link|symlink|truncate|ftruncate|utime)/;

/** Sets the action, where the vocabulary has one. */
export function act(v: View, out: EventFields): void {
  const action = byType(v) ?? bySyscall(v, out);
  if (action === undefined) return;
  applyAction(out, action, v.outcome);
  // A detail of an attempt has no outcome: the attempt has it.
  if (action === 'auth_detail') out.delete('event.outcome');
}

function byType(v: View): string | undefined {
  const { types } = v;
  const sshd = /sshd/.test(v.get('exe') ?? '');
  if (types.has('USER_LOGIN')) return sshd ? 'ssh_login' : 'user_login';
  // sshd's own record of the attempt is the USER_LOGIN beside it.
  if (types.has('USER_AUTH') && sshd) return 'auth_detail';
  if (types.has('AVC') || types.has('USER_AVC') || types.has('SELINUX_ERR')) {
    return v.get('apparmor') === 'ALLOWED' || v.get('apparmor') === 'STATUS'
      ? undefined
      : 'permission_denied';
  }
  if (types.has('CONFIG_CHANGE') && v.get('audit_enabled') === '0') return 'audit_stopped';
  if (types.has('SERVICE_START') && v.outcome === 'failure') return 'service_failed';
  for (const type of types) {
    const action = BY_TYPE.get(type) ?? (/^(?:ANOM|RESP)_/.test(type) ? 'anomaly_detected' : undefined);
    if (action !== undefined) return action;
  }
  return undefined;
}

function bySyscall(v: View, out: EventFields): string | undefined {
  const call = v.syscall ?? (v.types.has('EXECVE') ? 'execve' : '');
  if (/^execve/.test(call)) return 'process_started';
  if (/^(?:init|finit)_module$/.test(call)) return out.has('file.path') ? 'driver_loaded' : undefined;
  if (/^u?mount/.test(call)) return 'mount_changed';
  if (/^(?:connect|accept)/.test(call))
    return out.has('destination.ip') || out.has('source.ip') ? 'network_connection' : undefined;
  if (!out.has('file.path')) return undefined;
  if (v.nametype === 'CREATE') return 'file_created';
  if (v.nametype === 'DELETE' || /^(?:unlink|rmdir)/.test(call))
    return /^rename/.test(call) ? 'file_changed' : 'file_deleted';
  if (FILE_CHANGES.test(call)) return 'file_changed';
  return /^(?:open|creat|read|stat|access)/.test(call) ? 'file_accessed' : undefined;
}
