/**
 * Azure Monitor records that diagnostic settings export: the activity log, Microsoft Entra's sign-in and audit logs, the
 * audit log of Kubernetes clusters (kube-audit), storage. One record per event, kept under `azure.monitor.*`. Key Vault's own
 * records are `azure-keyvault`'s, alerts of Defender `microsoft-defender`'s.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { parseJsonObject } from '../../../src/normalize/json.ts';
import { defineSource, type Json, type JsonObject } from '../../../src/normalize/source.ts';
import { act, address, dig, failed, first, mailDomain, paths, setTime } from '../../lib/audit.ts';
import { flattenInto, isObject, text } from '../../lib/json.ts';
import { kubernetesEvent } from '../../lib/kubernetes.ts';

const OPERATION = paths(
  'operationName.value',
  'operationName',
  'properties.operationName',
  'properties.activityDisplayName',
);

export default defineSource({
  name: 'azure-monitor',
  version: 1,
  title: 'Azure activity log, Microsoft Entra logs',
  recognise: {
    jsonKeys: [
      ['operationName', 'resourceId'],
      ['operationName', 'category'],
      ['operationName', 'callerIpAddress'],
      ['operationname', 'category'],
    ],
  },
  parse: (input, out) => {
    const doc = input.json;
    const operation = first(doc, OPERATION);
    const category = first(doc, paths('category.value', 'category')) ?? '';
    if (doc === undefined || operation === undefined || category.startsWith('AdvancedHunting-')) return 'no';
    setTime(out, doc, paths('time', 'eventTimestamp'));
    if (!cluster(doc, category, out)) common(doc, operation, category, out);
    out.set('cloud.provider', 'azure');
    const where = first(doc, paths('resourceId')) ?? '';
    out.set('cloud.account.id', /subscriptions\/([^/]+)/i.exec(where)?.[1]?.toLowerCase());
    out.set('azure.category', category === '' ? undefined : category);
    out.set('azure.resource', where.slice(where.lastIndexOf('/') + 1).toLowerCase() || undefined);
    out.set('cloud.region', first(doc, paths('location')));
    flattenInto(out, 'azure.monitor', doc);
    return 'parsed';
  },
});

/** The audit log of a cluster, as JSON text in `properties.log`. */
function cluster(doc: JsonObject, category: string, out: EventFields): boolean {
  if (!category.startsWith('kube-audit')) return false;
  const log = dig(doc, ['properties', 'log']);
  const event = typeof log === 'string' ? parseJsonObject(log) : isObject(log) ? log : undefined;
  return event !== undefined && kubernetesEvent(event, out);
}

const USER = paths(
  'properties.userPrincipalName',
  'properties.initiatedBy.user.userPrincipalName',
  'properties.initiatedBy.app.displayName',
  'properties.servicePrincipalName',
  'identity.claims.name',
  'identity.claim.upn',
  'caller',
  'properties.caller',
);
/** A key with dots of its own. */
const CLAIM_UPN = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn';

function common(doc: JsonObject, operation: string, category: string, out: EventFields): void {
  out.set('event.kind', 'event');
  out.set('event.provider', /^[a-z]+\.[a-z.]+(?=\/)/i.exec(operation)?.[0]?.toLowerCase() ?? 'azure');
  out.set('event.code', operation);
  out.set(
    'event.reason',
    first(doc, paths('properties.status.failureReason', 'resultDescription', 'properties.resultReason')),
  );
  const user = text(dig(doc, ['identity', 'claims', CLAIM_UPN])) ?? first(doc, USER);
  out.set('user.name', user);
  out.set('user.domain', mailDomain(user));
  out.set(
    'user.id',
    first(doc, paths('properties.userId', 'properties.initiatedBy.user.id', 'identity.claim.oid')),
  );
  out.set(
    'source.ip',
    address(
      first(doc, paths('callerIpAddress', 'properties.ipAddress', 'properties.initiatedBy.user.ipAddress')),
    ),
  );
  out.set('user_agent.original', first(doc, paths('properties.userAgentHeader', 'properties.userAgent')));
  const target =
    invited(doc) ??
    first(
      doc,
      paths('properties.targetResources.0.userPrincipalName', 'properties.targetResources.0.displayName'),
    );
  out.set('user.target.name', target);
  out.set('user.target.domain', mailDomain(target));
  const body = dig(doc, ['properties', 'requestbody']);
  if (typeof body === 'string') {
    const sent = parseJsonObject(body);
    if (sent !== undefined) flattenInto(out, 'azure.request', sent);
  }
  act(out, actionOf(operation, category), outcomeOf(doc, category));
}

/** Whom an invitation went to: it stands among the additional details. */
function invited(doc: JsonObject): string | undefined {
  const details = dig(doc, ['properties', 'additionalDetails']);
  if (!Array.isArray(details)) return undefined;
  for (const d of details as readonly Json[])
    if (text(dig(d, ['key'])) === 'invitedUserEmailAddress') return text(dig(d, ['value']));
  return undefined;
}

function outcomeOf(doc: JsonObject, category: string): 'success' | 'failure' {
  const error = first(doc, paths('properties.status.errorCode'));
  const result = first(
    doc,
    paths('status.value', 'resultType', 'properties.result', 'statusText', 'properties.metricResponseType'),
  );
  if (/SignIn/i.test(category) && error !== undefined) return error === '0' ? 'success' : 'failure';
  // Sign-ins give an error number as their result.
  if (result !== undefined && /^[1-9]\d{3,6}$/.test(result)) return 'failure';
  return failed(result) || failed(first(doc, paths('properties.result'))) ? 'failure' : 'success';
}

/** Operations of Microsoft Entra and of the resource manager; everything else is an `api_request`. */
const ACTIONS: readonly (readonly [RegExp, string])[] = [
  [/^Sign-in activity$/i, 'user_login'],
  [/^(?:Add user|Invite external user)$/i, 'user_created'],
  [/^Delete user$/i, 'user_deleted'],
  [/^Disable account$/i, 'user_disabled'],
  [/^Enable account$/i, 'user_enabled'],
  [/^Reset (?:user )?password/i, 'password_reset'],
  [/^Change (?:user )?password/i, 'password_changed'],
  [
    /^(?:User registered|User deleted|User changed default|Admin (?:registered|deleted|updated)) security info/i,
    'mfa_changed',
  ],
  [/^Add (?:eligible )?member to role/i, 'role_granted'],
  [/(?:conditional access )?policy$|^Set (?:federation settings|domain authentication)/i, 'policy_changed'],
  [/diagnosticSettings\/delete$/i, 'audit_stopped'],
];
const actionOf = (operation: string, category: string): string | undefined =>
  /^(?:NonInteractiveUser|ServicePrincipal|ManagedIdentity)?SignInLogs$/.test(category)
    ? 'user_login'
    : ACTIONS.find(([re]) => re.test(operation))?.[1];
