/** HashiCorp Vault's audit log: each call is a `request` and a `response`, one JSON object each. */
import { isoMicro } from './stamps.ts';

export type VaultCall = {
  readonly at: number;
  readonly id: string;
  /** `approle-web-enroll`, `ldap-anna.berg`. */
  readonly who: string;
  readonly policies: readonly string[];
  readonly operation: 'read' | 'update' | 'delete' | 'list';
  readonly mount: 'pki' | 'transit' | 'kv' | 'token';
  readonly path: string;
  readonly ip: string;
  readonly data?: unknown;
  readonly response?: unknown;
  readonly error?: string;
};

/** The two lines of a call; the response is 4 ms later. */
export function vaultCall(c: VaultCall): readonly [string, string] {
  const common = (type: string, at: number): Record<string, unknown> => ({
    time: isoMicro(at),
    type,
    auth: { display_name: c.who, entity_id: `ent-${c.who}`, policies: c.policies, token_type: 'service' },
    request: {
      id: c.id,
      operation: c.operation,
      mount_type: c.mount,
      path: c.path,
      ...(c.data === undefined ? {} : { data: c.data }),
      remote_address: c.ip,
    },
  });
  const response = {
    ...common('response', c.at + 4000),
    ...(c.response === undefined ? {} : { response: { mount_type: c.mount, data: c.response } }),
    ...(c.error === undefined ? {} : { error: c.error }),
  };
  return [JSON.stringify(common('request', c.at)), JSON.stringify(response)];
}

/** `0a1b2c` -> `0a:1b:2c`. */
export const colons = (serial: string): string => serial.replace(/(..)(?=.)/g, '$1:');
