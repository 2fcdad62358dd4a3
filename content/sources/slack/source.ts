/** Slack audit logs (Enterprise Grid, Audit Logs API), one entry per event. Everything is kept under `slack.*`. */
import { defineSource } from '../../../src/normalize/source.ts';
import { actionTable, auditEvent, type AuditSpec, dig, paths } from '../../lib/audit.ts';
import { at, isObject, list, text } from '../../lib/json.ts';

const SPEC: AuditSpec = {
  prefix: 'slack',
  provider: 'slack',
  time: paths('date_create'),
  user: paths('actor.user.email', 'actor.user.name', 'actor.user.id'),
  userId: paths('actor.user.id'),
  target: paths('entity.user.email', 'entity.user.name'),
  ip: paths('context.ip_address'),
  agent: paths('context.ua'),
  actions: actionTable(`
    user_login: user_login
    user_logout: user_logout
    role_granted: role_change_to_admin role_change_to_owner owner_transferred permissions_assigned
    role_revoked: role_change_to_user role_change_to_guest permissions_removed
    user_created: user_created
    user_disabled: user_deactivated
    user_enabled: user_reactivated
    malware_detected: file_malicious_content_detected
    policy_changed: pref.two_factor_auth_changed pref.sso_setting_changed barrier_deleted barrier_updated
    protection_changed: native_dlp_rule_deactivated native_dlp_violation_deleted intune_disabled ekm_unenrolled ekm_slackbot_unenroll_notification_sent
    configuration_changed: app_installed app_scopes_expanded app_resources_added app_resources_granted bot_token_upgraded
  `),
};

export default defineSource({
  name: 'slack',
  version: 1,
  title: 'Slack audit log',
  recognise: {
    jsonKeys: [
      ['action', 'actor', 'date_create'],
      ['action', 'actor', 'context'],
      ['action', 'actor', 'entity'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    const code = text(at(doc, 'action'));
    if (doc === undefined || code === undefined || !isObject(dig(doc, ['actor', 'user']))) return 'no';
    out.set('event.id', text(at(doc, 'id')));
    const before = new Set(list(dig(doc, ['details', 'previous_scopes'])));
    const added = list(dig(doc, ['details', 'new_scopes'])).filter((s) => !before.has(s));
    if (added.length > 0) out.set('slack.scopes_added', added.slice(0, 100));
    auditEvent(doc, out, SPEC, code);
    return 'parsed';
  },
});
