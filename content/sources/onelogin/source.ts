/** OneLogin events (Events API and webhooks). What happened is a number; everything is kept under `onelogin.*`. */
import { defineSource } from '../../../src/normalize/source.ts';
import { actionTable, auditEvent, type AuditSpec, first, paths } from '../../lib/audit.ts';

const SPEC: AuditSpec = {
  prefix: 'onelogin',
  provider: 'onelogin',
  time: paths('event_timestamp', 'created_at'),
  user: paths('actor_user_name', 'user_name'),
  userId: paths('actor_user_id', 'user_id'),
  target: paths('user_name'),
  ip: paths('ipaddr'),
  reason: paths('error_description', 'notes'),
  actions: actionTable(`
    user_login: 5 6
    user_logout: 7
    user_reauthentication: 8
    role_assumed: 3
    password_changed: 11
    password_reset: 211
    user_created: 13
    user_deleted: 17
    user_disabled: 551
    account_locked: 19 531 553
    account_unlocked: 20
    role_granted: 72
    mfa_changed: 22 23 24
  `),
};

export default defineSource({
  name: 'onelogin',
  version: 1,
  title: 'OneLogin events',
  recognise: { jsonKeys: [['event_type_id']] },
  parse: (input, out) => {
    const doc = input.json;
    const code = first(doc, paths('event_type_id'));
    if (doc === undefined || code === undefined || !/^\d{1,6}$/.test(code)) return 'no';
    out.set('event.id', first(doc, paths('uuid', 'id')));
    out.set('service.name', first(doc, paths('app_name')));
    if (code === '3') out.set('user.effective.name', first(doc, paths('user_name')));
    auditEvent(doc, out, SPEC, code);
    if (code === '6') out.set('event.outcome', 'failure');
    return 'parsed';
  },
});
