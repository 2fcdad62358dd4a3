/** GitHub audit log events (organisation and enterprise, streamed or exported). Everything is kept under `github.*`. */
import { defineSource } from '../../../src/normalize/source.ts';
import { actionTable, auditEvent, type AuditSpec, paths } from '../../lib/audit.ts';
import { at, text } from '../../lib/json.ts';

const SPEC: AuditSpec = {
  prefix: 'github',
  provider: 'github',
  time: paths('@timestamp', 'created_at', 'timestamp'),
  user: paths('actor'),
  userId: paths('actor_id'),
  target: paths('user'),
  ip: paths('actor_ip'),
  agent: paths('user_agent'),
  actions: actionTable(`
    role_granted: org.update_member business.add_admin business.invite_admin team.promote_maintainer
    role_revoked: business.remove_admin team.demote_maintainer
    user_created: org.add_member
    user_deleted: org.remove_member
    api_credential_created: personal_access_token.create public_key.create oauth_authorization.create integration_installation.create
    mfa_changed: two_factor_authentication.enabled two_factor_authentication.disabled
    policy_changed: org.disable_two_factor_requirement org.enable_two_factor_requirement org.saml_disabled org.saml_enabled org.disable_saml org.enable_saml org.update_saml_provider_settings protected_branch.destroy protected_branch.update protected_branch.policy_override repository_ruleset.create repository_ruleset.update repository_ruleset.destroy ip_allow_list.enable ip_allow_list.disable ip_allow_list_entry.create ip_allow_list_entry.update ip_allow_list_entry.destroy audit_log_streaming.destroy
    protection_changed: repository_vulnerability_alert.dismiss repository_secret_scanning.disable repository_secret_scanning_push_protection.disable repository_vulnerability_alerts.disable secret_scanning_alert.resolve
    configuration_changed: repo.create repo.destroy repo.access repo.archived repo.transfer repo.update hook.create hook.config_changed
  `),
};

export default defineSource({
  name: 'github',
  version: 1,
  title: 'GitHub audit log',
  recognise: {
    jsonKeys: [
      ['action', 'actor', 'org'],
      ['action', 'actor', 'repo'],
      ['action', 'actor', 'business'],
      ['action', 'actor', 'user'],
      ['action', 'actor', '_document_id'],
      ['action', 'actor', 'created_at'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    const code = text(at(doc, 'action'));
    if (doc === undefined || code === undefined || typeof at(doc, 'actor') !== 'string') return 'no';
    if (!/^[a-z0-9_]+\.[a-z0-9_.]+$/.test(code)) return 'no';
    out.set('event.id', text(at(doc, '_document_id')));
    out.set('source.geo.country_iso_code', text(at(doc, 'actor_location', 'country_code')));
    auditEvent(doc, out, SPEC, code);
    return 'parsed';
  },
});
