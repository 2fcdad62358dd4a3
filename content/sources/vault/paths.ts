/**
 * HashiCorp Vault's API paths to the vocabulary (API documentation of the PKI, Transit, SSH, KV, Auth and System
 * back ends). A mount may have any name, so paths are read from the end of the mount; `mount_type` decides where the
 * log says it.
 */
export type VaultOp = {
  readonly action: string;
  /** Role, key name or serial named in the path. */
  readonly name?: string;
  readonly operation?: string;
};

type Rule = readonly [RegExp, (m: RegExpExecArray, operation: string) => VaultOp | undefined];

const writes = new Set(['create', 'update', 'patch']);

const PKI: readonly Rule[] = [
  [
    /(?:^|\/)(?:issuer\/[^/]+\/)?(?:issue|sign|sign-verbatim)\/([^/]+)$/,
    (m) => ({ action: 'certificate_issued', name: m[1] ?? '' }),
  ],
  [
    /(?:^|\/)(?:issuer\/[^/]+\/|root\/)?(?:sign-verbatim|sign-intermediate|sign-self-issued)$/,
    () => ({ action: 'certificate_issued' }),
  ],
  [/(?:^|\/)revoke(?:-with-key)?$/, () => ({ action: 'certificate_revoked' })],
  [/(?:^|\/)issuer\/([^/]+)\/revoke$/, (m) => ({ action: 'certificate_revoked', name: m[1] ?? '' })],
  [
    /(?:^|\/)(?:root|intermediate|issuers|keys)\/(?:generate|rotate)\/([^/]+)/,
    () => ({ action: 'ca_created' }),
  ],
  [
    /(?:^|\/)(?:intermediate\/set-signed|config\/ca|issuers\/import\/[^/]+)$/,
    () => ({ action: 'ca_created' }),
  ],
  [
    /(?:^|\/)(?:root|issuer\/[^/]+)$/,
    (_m, op) =>
      op === 'delete' ? { action: 'ca_deleted' } : op === 'read' ? undefined : { action: 'ca_changed' },
  ],
  [/(?:^|\/)crl\/rotate(?:-delta)?$/, () => ({ action: 'crl_published' })],
  [
    /(?:^|\/)(?:roles\/[^/]+|config\/[^/]+|tidy|auto-tidy)$/,
    (_m, op) => (op === 'read' || op === 'list' ? undefined : { action: 'ca_changed' }),
  ],
  [/(?:^|\/)cert\/([^/]+)$/, (m) => ({ action: 'certificate_accessed', name: m[1] ?? '' })],
  [/(?:^|\/)acme\/.*new-order$/, () => ({ action: 'certificate_requested' })],
];

const TRANSIT: readonly Rule[] = [
  [/(?:^|\/)sign\/([^/]+)/, (m) => ({ action: 'key_signed', name: m[1] ?? '', operation: 'sign' })],
  [
    /(?:^|\/)(verify|encrypt|decrypt|rewrap|hmac)\/([^/]+)/,
    (m) => ({ action: 'key_accessed', name: m[2] ?? '', operation: m[1] ?? '' }),
  ],
  [
    /(?:^|\/)datakey\/[^/]+\/([^/]+)$/,
    (m) => ({ action: 'key_accessed', name: m[1] ?? '', operation: 'generate_data_key' }),
  ],
  [
    /(?:^|\/)keys\/([^/]+)\/rotate$/,
    (m) => ({ action: 'key_rotated', name: m[1] ?? '', operation: 'rotate' }),
  ],
  [
    /(?:^|\/)keys\/([^/]+)\/config$/,
    (m) => ({ action: 'key_changed', name: m[1] ?? '', operation: 'configure' }),
  ],
  [/(?:^|\/)keys\/([^/]+)\/trim$/, (m) => ({ action: 'key_destroyed', name: m[1] ?? '', operation: 'trim' })],
  [
    /(?:^|\/)keys\/([^/]+)\/import(?:_version)?$/,
    (m) => ({ action: 'key_imported', name: m[1] ?? '', operation: 'import' }),
  ],
  [
    /(?:^|\/)(?:export\/[^/]+|byok-export\/[^/]+|backup)\/([^/]+)/,
    (m) => ({ action: 'key_exported', name: m[1] ?? '', operation: 'export' }),
  ],
  [/(?:^|\/)restore\/([^/]+)$/, (m) => ({ action: 'key_restored', name: m[1] ?? '', operation: 'restore' })],
  [
    /(?:^|\/)keys\/([^/]+)$/,
    (m, op) => ({
      action: op === 'delete' ? 'key_destroyed' : writes.has(op) ? 'key_generated' : 'key_accessed',
      name: m[1] ?? '',
      operation: op,
    }),
  ],
];

const SYSTEM: readonly Rule[] = [
  [/^auth\/token\/(?:create|create-orphan|renew|renew-self)/, () => ({ action: 'token_issued' })],
  [/^auth\/token\/revoke/, () => ({ action: 'token_revoked' })],
  [
    /^auth\/[^/]+(?:\/[^/]+)*\/(?:login|oidc\/callback|callback)(?:\/([^/]+))?$/,
    (m) => ({ action: 'api_login', name: m[1] ?? '' }),
  ],
  [
    /^auth\/[^/]+\/(?:users|user|role|roles)\/([^/]+)(?:\/password)?$/,
    (m, op) => userChange(m[0], m[1] ?? '', op),
  ],
  [
    /^sys\/audit\/[^/]+$/,
    (_m, op) =>
      op === 'delete'
        ? { action: 'audit_stopped' }
        : writes.has(op)
          ? { action: 'audit_started' }
          : undefined,
  ],
  [
    /^sys\/polic(?:y|ies)\//,
    (_m, op) => (op === 'read' || op === 'list' ? undefined : { action: 'policy_changed' }),
  ],
  [
    /^sys\/(?:rotate|rekey\/update|rotate\/root\/update)/,
    () => ({ action: 'key_rotated', name: 'barrier', operation: 'rotate' }),
  ],
  [
    /^sys\/(?:seal|unseal|step-down|auth|mounts|remount|config|generate-root|plugins)(?:\/|$)/,
    (_m, op) => (op === 'read' || op === 'list' ? undefined : { action: 'configuration_changed' }),
  ],
  [/^sys\/(?:leases\/)?revoke/, () => ({ action: 'token_revoked' })],
];

function userChange(path: string, name: string, op: string): VaultOp | undefined {
  if (path.endsWith('/password')) return { action: 'password_reset', name };
  if (op === 'delete') return { action: 'user_deleted', name };
  return writes.has(op) ? { action: op === 'create' ? 'user_created' : 'user_changed', name } : undefined;
}

const secret = (op: string): VaultOp | undefined =>
  op === 'read' || op === 'list'
    ? { action: 'secret_accessed' }
    : op === 'delete'
      ? { action: 'secret_deleted' }
      : writes.has(op)
        ? { action: 'secret_changed' }
        : undefined;

/** What an operation on a path is, undefined where the vocabulary has no word for it. */
export function vaultOp(mountType: string, path: string, operation: string): VaultOp | undefined {
  const first = (rules: readonly Rule[]): VaultOp | undefined => {
    for (const [re, make] of rules) {
      const m = re.exec(path);
      if (m !== null) return make(m, operation);
    }
    return undefined;
  };
  if (/^(?:sys|auth)\//.test(path)) return first(SYSTEM);
  switch (mountType) {
    case 'pki':
    case 'ssh':
      return first(PKI);
    case 'transit':
      return first(TRANSIT);
    case 'kv':
    case 'generic':
    case 'cubbyhole':
    case 'database':
    case 'aws':
      return secret(operation);
    case '':
      // Older logs do not name the mount's type: the usual mount names decide.
      if (/^transit/.test(path)) return first(TRANSIT);
      if (/^(?:secret|kv|cubbyhole)/.test(path)) return secret(operation);
      return /pki|ca\b|cert/.test(path) ? first(PKI) : undefined;
    default:
      return undefined;
  }
}
