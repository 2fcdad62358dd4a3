/**
 * Auth0 tenant logs (streams and Management API), one event each. The type is a short code; what administrators do is
 * `sapi` with the request that was sent. Everything is kept under `auth0.*`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { defineSource, type JsonObject } from '../../../src/normalize/source.ts';
import { actionTable, auditEvent, type AuditSpec, dig, first, paths } from '../../lib/audit.ts';
import { isObject } from '../../lib/json.ts';

const SPEC: AuditSpec = {
  prefix: 'auth0',
  provider: 'auth0',
  time: paths('date'),
  user: paths('details.request.auth.user.email', 'user_name', 'user_id'),
  userId: paths('user_id'),
  ip: paths('ip'),
  agent: paths('user_agent'),
  reason: paths('description'),
  actions: actionTable(`
    user_login: s f fp fu pwd_leak
    user_created: ss
    user_logout: slo
    token_issued: seacft sertft fertft ferrt
    password_changed: scp
    mfa_challenge: gd_auth_succeed gd_auth_failed gd_auth_rejected
  `),
};
const FAILED = /^(?:f[a-z]*|pwd_leak|limit_[a-z]+|gd_auth_(?:failed|rejected))$/;

export default defineSource({
  name: 'auth0',
  version: 1,
  title: 'Auth0 tenant log',
  recognise: {
    jsonKeys: [
      ['log_id', 'data'],
      ['log_id', 'type', 'date'],
    ],
  },
  parse: (input, out) => {
    const data = dig(input.json, ['data']);
    const doc = isObject(data) ? data : input.json;
    const code = first(doc, paths('type'));
    if (doc === undefined || code === undefined || !/^[a-z0-9_]+$/.test(code)) return 'no';
    out.set('event.id', first(doc, paths('log_id')));
    auditEvent(doc, out, SPEC, code);
    if (FAILED.test(code)) out.set('event.outcome', 'failure');
    asked(doc, out);
    return 'parsed';
  },
});

/** The request of an administrator. */
function asked(doc: JsonObject, out: EventFields): void {
  const request = dig(doc, ['details', 'request']);
  if (!isObject(request)) return;
  out.set('http.request.method', first(request, paths('method'))?.toUpperCase());
  out.set('url.path', first(request, paths('path')));
}
