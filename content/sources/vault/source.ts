/**
 * HashiCorp Vault (and OpenBao) audit log, JSON. Vault writes each call twice, as `request` and as `response`: only
 * the response says what happened, so only it carries the action (a certificate request is a fact of its own and is
 * kept as `certificate_requested`). Values that Vault has hashed (`hmac-sha256:`) are never taken for names; they stay
 * under `hashicorp_vault.audit.*`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type Json, type JsonObject } from '../../../src/normalize/source.ts';
import { addNames, serialFromHex, setDn, setValidity } from '../../lib/certs.ts';
import { at, flattenInto, list, number, text } from '../../lib/json.ts';
import { setFromPem } from '../../lib/pem.ts';
import { stampMicros } from '../../lib/times.ts';
import { type VaultOp, vaultOp } from './paths.ts';

export default defineSource({
  name: 'vault',
  version: 1,
  title: 'HashiCorp Vault audit log',
  recognise: { jsonKeys: [['type', 'request', 'time']] },
  parse: (input, out) => {
    const doc = input.json;
    const kind = text(at(doc, 'type'));
    if (
      doc === undefined ||
      (kind !== 'request' && kind !== 'response') ||
      text(at(doc, 'request', 'path')) === undefined
    ) {
      return 'no';
    }
    common(doc, out);
    const path = text(at(doc, 'request', 'path')) ?? '';
    const operation = text(at(doc, 'request', 'operation')) ?? '';
    const op = vaultOp(text(at(doc, 'request', 'mount_type')) ?? '', path, operation);
    if (kind === 'response') response(doc, op, out);
    else if (op?.action === 'certificate_issued') requested(doc, op, out);
    flattenInto(out, 'hashicorp_vault.audit', doc);
    return 'parsed';
  },
});

/** Text that Vault has not hashed. */
const clear = (v: Json | undefined): string | undefined => {
  const t = text(v);
  return t === undefined || t.startsWith('hmac-sha256:') ? undefined : t;
};

function common(doc: JsonObject, out: EventFields): void {
  const time = stampMicros(at(doc, 'time'));
  if (time !== undefined) out.setOurs('@timestamp', time);
  out.set('event.kind', 'event');
  out.set('event.provider', 'vault');
  out.set('event.code', text(at(doc, 'request', 'operation')));
  out.set('event.id', text(at(doc, 'request', 'id')));
  out.set('url.path', text(at(doc, 'request', 'path')));
  out.set('source.ip', text(at(doc, 'request', 'remote_address')));
  out.set('source.port', number(at(doc, 'request', 'remote_port')));
  const auth = at(doc, 'auth');
  out.set('user.name', clear(at(auth, 'metadata', 'username')) ?? clear(at(auth, 'display_name')));
  out.set('user.id', text(at(auth, 'entity_id')));
  out.set('user.email', clear(at(auth, 'metadata', 'email')));
  const error = text(at(doc, 'error'));
  out.set('event.reason', error);
  out.set('event.outcome', error === undefined ? 'success' : 'failure');
}

function requested(doc: JsonObject, op: VaultOp, out: EventFields): void {
  certificate(doc, op, out);
  if (out.has('certificate.requester') || out.has('x509.subject.common_name')) {
    applyAction(out, 'certificate_requested', text(at(doc, 'error')) === undefined ? 'success' : 'failure');
  }
}

function response(doc: JsonObject, op: VaultOp | undefined, out: EventFields): void {
  const outcome = text(at(doc, 'error')) === undefined ? 'success' : 'failure';
  applyAction(out, op?.action ?? 'api_request', outcome);
  const action = op?.action ?? '';
  if (action.startsWith('certificate_')) certificate(doc, op ?? { action }, out);
  else if (action.startsWith('ca_') || action === 'crl_published') authority(doc, out);
  else if (action.startsWith('key_')) key(doc, op ?? { action }, out);
  else if (action === 'api_login') login(doc, op ?? { action }, out);
  else if (/^(?:user|password)_/.test(action)) out.set('user.target.name', op?.name);
  if (action === 'certificate_revoked' && !out.has('x509.serial_number')) {
    // The serial is hashed unless the mount is tuned to show it: the hash still tells certificates apart.
    out.set('certificate.id', text(at(doc, 'request', 'data', 'serial_number')) ?? op?.name ?? 'unknown');
  }
}

function login(doc: JsonObject, op: VaultOp, out: EventFields): void {
  const auth = at(doc, 'response', 'auth');
  const name = clear(at(auth, 'metadata', 'username')) ?? op.name ?? '';
  if (!out.has('user.name')) out.set('user.name', name !== '' ? name : clear(at(auth, 'display_name')));
  if (!out.has('user.id')) out.set('user.id', text(at(auth, 'entity_id')));
}

/** `pki_int/issue/web` -> `pki_int`. */
function mount(doc: JsonObject): string {
  const point = text(at(doc, 'request', 'mount_point')) ?? text(at(doc, 'request', 'path')) ?? '';
  return point.replace(/\/?$/, '/').split('/')[0] ?? '';
}

function authority(doc: JsonObject, out: EventFields): void {
  out.set('certificate.authority', mount(doc));
  out.set('x509.subject.common_name', clear(at(doc, 'request', 'data', 'common_name')));
  setFromPem(out, clear(at(doc, 'response', 'data', 'certificate')));
}

function certificate(doc: JsonObject, op: VaultOp, out: EventFields): void {
  const req = at(doc, 'request', 'data');
  const res = at(doc, 'response', 'data');
  const who = out.text('user.name') ?? out.text('user.id');
  if (op.action === 'certificate_revoked') out.set('certificate.authorized_by', who);
  else out.set('certificate.requester', who);
  out.set('certificate.authority', mount(doc));
  if (op.action === 'certificate_issued') out.set('certificate.template', op.name);
  if (!setFromPem(out, clear(at(res, 'certificate')))) {
    out.set('x509.subject.common_name', clear(at(req, 'common_name')));
    for (const names of ['common_name', 'alt_names', 'ip_sans', 'uri_sans']) {
      for (const one of list(at(req, names))) if (!one.startsWith('hmac-sha256:')) addNames(out, one);
    }
    setValidity(out, undefined, at(res, 'expiration'));
  }
  const named = op.action === 'certificate_issued' ? undefined : op.name;
  const serial = clear(at(res, 'serial_number')) ?? clear(at(req, 'serial_number')) ?? named;
  if (!out.has('x509.serial_number')) out.set('x509.serial_number', serialFromHex(serial));
  setDn(out, 'issuer', clear(at(res, 'issuer_dn')));
  if (op.action === 'certificate_accessed' && !out.has('x509.serial_number'))
    out.set('certificate.id', op.name);
}

function key(doc: JsonObject, op: VaultOp, out: EventFields): void {
  const req = at(doc, 'request', 'data');
  const res = at(doc, 'response', 'data');
  out.set('key.id', `${mount(doc)}/${op.name ?? ''}`);
  out.set('key.operation', op.operation);
  out.set('key.storage', 'software');
  const type = clear(at(res, 'type')) ?? clear(at(req, 'type'));
  // `rsa-2048`, `aes256-gcm96`, `ecdsa-p256`, `ed25519`.
  const m = /^(rsa|aes|ecdsa-p|chacha)-?(\d{3,4})?/.exec(type ?? '');
  out.set('key.algorithm', m?.[1] === 'ecdsa-p' ? 'EC' : (m?.[1]?.toUpperCase() ?? type?.toUpperCase()));
  if (m?.[2] !== undefined) out.set('key.size', Number(m[2]));
  const version =
    number(at(res, 'latest_version')) ?? number(at(res, 'key_version')) ?? number(at(req, 'key_version'));
  if (version !== undefined) out.set('key.version', String(version));
  if (op.action === 'key_rotated' && version !== undefined && version > 1)
    out.set('key.previous_id', String(version - 1));
  if (op.action === 'key_destroyed' || op.action === 'key_rotated') {
    out.set('key.authorized_by', out.text('user.name') ?? out.text('user.id'));
  }
}
