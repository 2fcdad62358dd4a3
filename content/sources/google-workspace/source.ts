/**
 * Google Workspace activities (Reports API), one activity per event: with its list `events`, or already taken apart.
 * Everything is kept under `google_workspace.*`, the parameters by name under `google_workspace.parameters.*`.
 */
import { defineSource, type Json, type JsonObject } from '../../../src/normalize/source.ts';
import { actionTable, auditEvent, type AuditSpec, first, namedValues, paths } from '../../lib/audit.ts';
import { at, isObject, text } from '../../lib/json.ts';

const SPEC: AuditSpec = {
  prefix: 'google_workspace',
  provider: 'google_workspace',
  time: paths('id.time'),
  user: paths('actor.email', 'actor.key'),
  userId: paths('actor.profileId'),
  target: paths(
    'parameters.USER_EMAIL',
    'parameters.affected_email_address',
    'parameters.target_user',
    'parameters.new_owner',
  ),
  ip: paths('ipAddress'),
  actions: actionTable(`
    user_login: login_success login_failure
    user_logout: logout
    mfa_changed: 2sv_enroll 2sv_disable titanium_enroll titanium_unenroll
    role_granted: ASSIGN_ROLE GRANT_ADMIN_PRIVILEGE
    role_revoked: UNASSIGN_ROLE REVOKE_ADMIN_PRIVILEGE
    user_created: CREATE_USER
    user_deleted: DELETE_USER
    user_disabled: SUSPEND_USER
    password_reset: CHANGE_PASSWORD
    policy_changed: CHANGE_APPLICATION_SETTING CREATE_APPLICATION_SETTING DELETE_APPLICATION_SETTING CHANGE_EMAIL_SETTING CHANGE_CALENDAR_SETTING ADD_TRUSTED_DOMAINS REMOVE_TRUSTED_DOMAINS CREATE_ROLE
    configuration_changed: ADD_APPLICATION AUTHORIZE_API_CLIENT_ACCESS
  `),
};

export default defineSource({
  name: 'google-workspace',
  version: 1,
  title: 'Google Workspace activities',
  recognise: {
    jsonKeys: [
      ['id', 'actor', 'events'],
      ['id', 'actor', 'name'],
      ['id', 'name', 'type'],
    ],
  },
  parse: (input, out) => {
    const raw = input.json;
    const app = text(at(raw, 'id', 'applicationName'));
    if (raw === undefined || app === undefined) return 'no';
    const doc = oneEvent(raw);
    const code = first(doc, paths('name'));
    if (code === undefined) return 'no';
    out.set('event.id', first(doc, paths('id.uniqueQualifier')));
    if (code === 'login_failure') out.set('event.reason', first(doc, paths('parameters.login_failure_type')));
    auditEvent(doc, out, SPEC, code);
    if (code === 'login_failure') out.set('event.outcome', 'failure');
    // What a user does to their own second factor names no one else.
    if (app === 'user_accounts' && !out.has('user.target.name') && SPEC.actions.get(code) === 'mfa_changed') {
      out.set('user.target.name', out.text('user.name'));
      auditEvent(doc, out, SPEC, code);
    }
    return 'parsed';
  },
});

/** The activity with its first event's name and parameters lifted; further events of it stay under `events`. */
function oneEvent(raw: JsonObject): JsonObject {
  const events = at(raw, 'events');
  const event = Array.isArray(events) ? (events as readonly Json[])[0] : undefined;
  const from = isObject(event) ? event : raw;
  const named = namedValues(at(from, 'parameters'));
  if (from === raw && named.length === 0) return raw;
  const out = Object.assign(Object.create(null), raw) as { [key: string]: Json };
  if (isObject(event)) {
    for (const key of ['name', 'type']) if (event[key] !== undefined) out[key] = event[key] as Json;
    if ((events as readonly Json[]).length === 1) delete out['events'];
  }
  const parameters = Object.create(null) as { [key: string]: Json };
  for (const [name, value] of named) parameters[name] = value;
  out['parameters'] = parameters;
  return out;
}
