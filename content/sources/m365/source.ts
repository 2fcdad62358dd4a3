/**
 * Microsoft 365 unified audit log (Office 365 Management Activity API), one record per event. Everything is kept under
 * `o365.*`, the parameters of Exchange commands by name under `o365.parameter.*`, changed properties under `o365.changed.*`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { defineSource, type Json, type JsonObject } from '../../../src/normalize/source.ts';
import {
  actionTable,
  auditEvent,
  type AuditSpec,
  dig,
  first,
  mailDomain,
  namedValues,
  paths,
} from '../../lib/audit.ts';
import { list, text } from '../../lib/json.ts';

/** Entra writes its names with a full stop. */
const ENTRA: ReadonlyMap<string, string> = new Map([
  ['Add user.', 'user_created'],
  ['Delete user.', 'user_deleted'],
  ['Disable account.', 'user_disabled'],
  ['Reset user password.', 'password_reset'],
  ['Change user password.', 'password_changed'],
  ['Add member to role.', 'role_granted'],
]);
const SPEC: AuditSpec = {
  prefix: 'o365',
  provider: 'm365',
  time: paths('CreationTime'),
  user: paths('UserId', 'MailboxOwnerUPN'),
  userId: paths('UserKey'),
  target: paths('TargetUserOrGroupName'),
  ip: paths('ClientIP', 'ClientIPAddress', 'ActorIpAddress'),
  agent: paths('UserAgent', 'ClientInfoString'),
  outcome: paths('ResultStatus'),
  actions: new Map([
    ...actionTable(`
    user_login: UserLoggedIn UserLoginFailed
    configuration_changed: New-InboxRule Set-InboxRule UpdateInboxRules Set-Mailbox New-TransportRule Set-TransportRule
    policy_changed: Set-AdminAuditLogConfig Set-OrganizationConfig Disable-AntiPhishRule Remove-AntiPhishPolicy Set-SafeLinksPolicy
    file_accessed: FileDownloaded FileAccessed
    role_granted: Add-MailboxPermission Add-MailboxFolderPermission
  `),
    ...ENTRA,
  ]),
};

export default defineSource({
  name: 'm365',
  version: 1,
  title: 'Microsoft 365 audit log',
  recognise: {
    jsonKeys: [
      ['Operation', 'Workload', 'CreationTime'],
      ['Operation', 'RecordType'],
      ['operation', 'recordtype'],
      ['operation', 'workload', 'creationtime'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    const code = first(doc, paths('Operation'));
    if (doc === undefined || code === undefined) return 'no';
    out.set('event.id', first(doc, paths('Id')));
    out.set('event.dataset', first(doc, paths('Workload')));
    for (const [name, value] of namedValues(dig(doc, ['Parameters'])))
      out.set(`o365.parameter.${name}`, list(value));
    changed(doc, out);
    if (ENTRA.has(code) || code === 'Update user.')
      out.set('user.target.name', first(doc, paths('ObjectId')));
    out.set(
      'file.path',
      /^https?:/.test(first(doc, paths('ObjectId')) ?? '') ? first(doc, paths('ObjectId')) : undefined,
    );
    auditEvent(doc, out, SPEC, code);
    if (code === 'UserLoginFailed') out.set('event.outcome', 'failure');
    forwarding(doc, out);
    return 'parsed';
  },
});

/** Properties with their values before and after. */
function changed(doc: JsonObject, out: EventFields): void {
  const all = dig(doc, ['ModifiedProperties']);
  if (!Array.isArray(all)) return;
  for (const p of all as readonly Json[]) {
    const name = text(dig(p, ['Name']));
    if (name === undefined) continue;
    out.set(`o365.changed.${name}.old`, dig(p, ['OldValue']) as string | undefined);
    out.set(`o365.changed.${name}.new`, dig(p, ['NewValue']) as string | undefined);
  }
}

const FORWARDS = [
  'ForwardingSmtpAddress',
  'ForwardTo',
  'ForwardAsAttachmentTo',
  'RedirectTo',
  'RedirectMessageTo',
  'BlindCopyTo',
];

/** The domains that mail is sent on to, and whether one of them is outside of the mailbox's own. */
function forwarding(doc: JsonObject, out: EventFields): void {
  const to: string[] = [];
  for (const name of FORWARDS) {
    const v = out.get(`o365.parameter.${name}`);
    for (const one of Array.isArray(v) ? (v as readonly unknown[]) : [])
      for (const m of String(one)
        .slice(0, 2000)
        .matchAll(/[^\s;,<>"':[\]]+@([a-z0-9.-]+)/gi))
        if (m[1] !== undefined) to.push(m[1].toLowerCase());
  }
  if (to.length === 0) return;
  out.set('o365.forwarding.domain', to.slice(0, 20));
  const home = homeDomains(doc, out);
  const outside = to.some((d) => !home.some((h) => d === h || d.endsWith(`.${h}`)));
  out.set('o365.forwarding.external', outside);
}

/** The tenant's domains as far as the record tells: the mailbox, the user and the organisation. */
function homeDomains(doc: JsonObject, out: EventFields): string[] {
  const names = [
    first(doc, paths('UserId')),
    first(doc, paths('MailboxOwnerUPN')),
    ...['Identity', 'Mailbox'].map((n) => out.text(`o365.parameter.${n}`)),
  ];
  const domains = names.flatMap((n) => mailDomain(n) ?? []);
  const organisation = first(doc, paths('OrganizationName'))?.toLowerCase();
  if (organisation !== undefined) domains.push(organisation);
  // contoso.onmicrosoft.com is the same company as contoso.com.
  for (const d of [...domains]) {
    const tenant = /^([^.]+)\.onmicrosoft\.com$/.exec(d)?.[1];
    if (tenant !== undefined) domains.push(`${tenant}.com`);
  }
  return domains;
}
