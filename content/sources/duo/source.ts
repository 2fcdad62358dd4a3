/** Cisco Duo: authentication log (v2) and administrator log of the Admin API. Everything is kept under `duo.*`. */
import type { EventFields } from '../../../src/model/event.ts';
import { parseJsonObject } from '../../../src/normalize/json.ts';
import { defineSource, type JsonObject } from '../../../src/normalize/source.ts';
import { actionTable, auditEvent, type AuditSpec, dig, first, paths } from '../../lib/audit.ts';
import { flattenInto, isObject } from '../../lib/json.ts';

const ADMIN: AuditSpec = {
  prefix: 'duo',
  provider: 'duo',
  time: paths('isotimestamp', 'timestamp'),
  user: paths('username'),
  target: paths('object'),
  actions: actionTable(`
    user_created: user_create admin_create
    user_deleted: user_delete admin_delete
    user_changed: user_update admin_update
    api_credential_created: integration_create
    mfa_changed: bypass_create bypass_view bypass_delete phone_associate hardtoken_associate
    user_login: admin_login admin_login_error
    policy_changed: policy_create policy_update policy_delete
  `),
};
const LOGIN: AuditSpec = {
  prefix: 'duo',
  provider: 'duo',
  time: paths('isotimestamp', 'timestamp'),
  user: paths('user.name', 'email'),
  userId: paths('user.key'),
  ip: paths('access_device.ip'),
  reason: paths('reason'),
  outcome: paths('result'),
  actions: actionTable('mfa_challenge: authentication'),
};

export default defineSource({
  name: 'duo',
  version: 1,
  title: 'Cisco Duo authentication and administrator log',
  recognise: {
    jsonKeys: [
      ['access_device', 'auth_device'],
      ['access_device', 'factor', 'result'],
      ['action', 'username', 'isotimestamp'],
      ['action', 'username', 'description'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    if (doc === undefined) return 'no';
    if (isObject(dig(doc, ['access_device']))) {
      out.set('event.id', first(doc, paths('txid')));
      out.set('service.name', first(doc, paths('application.name')));
      auditEvent(doc, out, LOGIN, first(doc, paths('event_type')) ?? 'authentication');
      return 'parsed';
    }
    const code = first(doc, paths('action'));
    if (code === undefined || !/^[a-z0-9_]+$/.test(code)) return 'no';
    described(doc, out);
    auditEvent(doc, out, ADMIN, code);
    if (code.endsWith('_error')) out.set('event.outcome', 'failure');
    return 'parsed';
  },
});

/** The description is JSON text. */
function described(doc: JsonObject, out: EventFields): void {
  const written = dig(doc, ['description']);
  const found =
    typeof written === 'string' ? parseJsonObject(written) : isObject(written) ? written : undefined;
  if (found === undefined) return;
  flattenInto(out, 'duo.change', found);
  out.set('source.ip', first(found, paths('ip_address')));
  out.set('event.reason', first(found, paths('error')));
}
