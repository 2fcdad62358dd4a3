/** Okta System Log events (LogEvent of the System Log API), one per event. Everything is kept under `okta.*`. */
import type { EventFields } from '../../../src/model/event.ts';
import type { Json } from '../../../src/normalize/source.ts';
import { defineSource, type JsonObject } from '../../../src/normalize/source.ts';
import { actionTable, auditEvent, type AuditSpec, dig, first, paths } from '../../lib/audit.ts';
import { text } from '../../lib/json.ts';

const SPEC: AuditSpec = {
  prefix: 'okta',
  provider: 'okta',
  time: paths('published'),
  user: paths('actor.alternateId', 'actor.displayName'),
  userId: paths('actor.id'),
  ip: paths('client.ipAddress', 'request.ipChain.0.ip'),
  agent: paths('client.userAgent.rawUserAgent'),
  reason: paths('outcome.reason'),
  outcome: paths('outcome.result'),
  actions: actionTable(`
    user_login: user.session.start user.authentication.sso policy.evaluate_sign_on_unknown
    user_logout: user.session.end
    mfa_challenge: user.authentication.auth_via_mfa user.mfa.okta_verify.deny_push
    mfa_changed: user.mfa.factor.activate user.mfa.factor.deactivate user.mfa.factor.update user.mfa.factor.reset_all
    account_locked: user.account.lock
    account_unlocked: user.account.unlock user.account.unlock_by_admin
    password_changed: user.account.update_password
    password_reset: user.account.reset_password
    role_granted: user.account.privilege.grant group.privilege.grant
    role_revoked: user.account.privilege.revoke group.privilege.revoke
    user_created: user.lifecycle.create
    user_deleted: user.lifecycle.delete.initiated
    user_disabled: user.lifecycle.deactivate user.lifecycle.suspend
    user_enabled: user.lifecycle.activate user.lifecycle.reactivate user.lifecycle.unsuspend
    group_member_added: group.user_membership.add
    group_member_removed: group.user_membership.remove
    api_credential_created: system.api_token.create
    api_credential_deleted: system.api_token.revoke
    policy_changed: policy.lifecycle.create policy.lifecycle.update policy.lifecycle.delete policy.lifecycle.deactivate policy.rule.add policy.rule.update policy.rule.delete policy.rule.deactivate zone.update zone.delete zone.deactivate
    configuration_changed: application.lifecycle.create application.lifecycle.update application.lifecycle.delete system.idp.lifecycle.create system.idp.lifecycle.update
  `),
};

const OWN = /^(?:system\.api_token\.|user\.account\.|user\.mfa\.factor\.)/;

export default defineSource({
  name: 'okta',
  version: 1,
  title: 'Okta System Log',
  recognise: {
    jsonKeys: [
      ['eventType', 'actor'],
      ['eventtype', 'actor'],
      ['eventType', 'outcome'],
      ['eventType', 'published'],
      ['eventtype', 'published'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    const code = first(doc, paths('eventType'));
    if (doc === undefined || code === undefined || !/^[a-z0-9_]+(?:\.[a-z0-9_]+)+$/.test(code)) return 'no';
    out.set('event.id', first(doc, paths('uuid')));
    out.set('message', first(doc, paths('displayMessage')));
    targets(doc, out);
    const proxy = dig(doc, ['securityContext', 'isProxy']);
    if (typeof proxy === 'boolean') out.set('source.proxy', proxy);
    // A token is its maker's, a lock and a second factor are the actor's own where nobody else is named.
    if (OWN.test(code) && !out.has('user.target.name'))
      out.set('user.target.name', first(doc, paths('actor.alternateId')));
    auditEvent(doc, out, SPEC, code);
    return 'parsed';
  },
});

function targets(doc: JsonObject, out: EventFields): void {
  const list = dig(doc, ['target']);
  if (!Array.isArray(list)) return;
  for (const t of list as readonly Json[]) {
    const name = text(dig(t, ['alternateId'])) ?? text(dig(t, ['displayName']));
    const kind = text(dig(t, ['type']));
    if (kind === 'User' && !out.has('user.target.name')) out.set('user.target.name', name);
    else if (kind === 'UserGroup') out.set('group.name', text(dig(t, ['displayName'])));
    else if (kind === 'AppInstance') out.set('service.name', text(dig(t, ['displayName'])));
  }
}
