/**
 * Google Cloud audit log entries (AuditLog in `protoPayload`), Kubernetes Engine's among them. Cloud KMS and the CA Service
 * are `gcp-kms`'s. Everything is kept under `gcp.audit.*`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { defineSource, type Json, type JsonObject } from '../../../src/normalize/source.ts';
import { act, address, dig, first, mailDomain, paths, setTime } from '../../lib/audit.ts';
import { flattenInto, isObject, list, number, text } from '../../lib/json.ts';
import { kubernetesCall } from '../../lib/kubernetes.ts';

export default defineSource({
  name: 'gcp-audit',
  version: 1,
  title: 'Google Cloud audit log',
  recognise: { jsonKeys: [['protoPayload']] },
  parse: (input, out) => {
    const doc = input.json;
    const p = dig(doc, ['protoPayload']);
    if (doc === undefined || !isObject(p)) return 'no';
    setTime(out, doc, paths('timestamp'));
    const method = text(dig(p, ['methodName'])) ?? text(dig(p, ['metadata', 'methodName'])) ?? 'unknown';
    place(doc, p, out);
    const failure = (number(dig(p, ['status', 'code'])) ?? 0) !== 0;
    if (/^io\.k8s\./.test(method)) kubernetes(p, method, failure, out);
    else call(p, method, failure, out);
    flattenInto(out, 'gcp.audit', doc);
    return 'parsed';
  },
});

const USER = paths('authenticationInfo.principalEmail', 'authenticationInfo.principalSubject');
const IP = paths('requestMetadata.callerIp');
const AGENT = paths('requestMetadata.callerSuppliedUserAgent');

function place(doc: JsonObject, p: JsonObject, out: EventFields): void {
  const name = text(dig(p, ['resourceName'])) ?? '';
  out.set('event.id', first(doc, paths('insertId')));
  out.set('cloud.provider', 'gcp');
  out.set('cloud.service.name', text(dig(p, ['serviceName'])));
  out.set(
    'cloud.account.id',
    text(dig(doc, ['resource', 'labels', 'project_id'])) ?? /^projects\/([^/_]+)/.exec(name)?.[1],
  );
  out.set('gcp.resource', name === '' ? undefined : name);
  out.set('gcp.permissions', granted(p));
}

/** Permissions that were asked for and granted. */
function granted(p: JsonObject): string[] {
  const all = dig(p, ['authorizationInfo']);
  if (!Array.isArray(all)) return [];
  return (all as readonly Json[])
    .filter((a) => dig(a, ['granted']) === true)
    .flatMap((a) => list(dig(a, ['permission'])))
    .slice(0, 100);
}

function call(p: JsonObject, method: string, failure: boolean, out: EventFields): void {
  out.set('event.kind', 'event');
  out.set('event.provider', text(dig(p, ['serviceName'])));
  out.set('event.code', method);
  out.set('event.reason', text(dig(p, ['status', 'message'])));
  const user = first(p, USER);
  out.set('user.name', user);
  out.set('user.domain', mailDomain(user));
  out.set('source.ip', address(first(p, IP)));
  out.set('user_agent.original', first(p, AGENT));
  const roles = added(p, 'role');
  const member = added(p, 'member')[0] ?? text(dig(p, ['request', 'member']));
  const target = member?.replace(/^[a-zA-Z]+:/, '');
  out.set('user.target.name', target);
  out.set('user.target.domain', mailDomain(target));
  out.set('gcp.roles_added', roles.length > 0 ? roles : undefined);
  act(out, roles.length > 0 ? 'role_granted' : actionOf(method), failure ? 'failure' : 'success');
}

/** What the change of a policy added: `role` or `member` of each binding. */
function added(p: JsonObject, what: 'role' | 'member'): string[] {
  const deltas = dig(p, ['serviceData', 'policyDelta', 'bindingDeltas']);
  if (!Array.isArray(deltas)) return [];
  return (deltas as readonly Json[])
    .filter((d) => text(dig(d, ['action'])) === 'ADD')
    .flatMap((d) => list(dig(d, [what])))
    .slice(0, 100);
}

const ACTIONS: readonly (readonly [RegExp, string])[] = [
  [/logging\.v2\.ConfigServiceV2\.(?:DeleteSink|DeleteBucket)$/, 'audit_stopped'],
  [/logging\.v2\.ConfigServiceV2\.(?:Update|Create)/, 'policy_changed'],
  [/LoggingServiceV2\.DeleteLog$/, 'log_cleared'],
  [/CreateServiceAccountKey$/, 'api_credential_created'],
  [/SecretManagerService\.AccessSecretVersion$/, 'secret_accessed'],
  [/SetIamPolic(?:y|ies)$/i, 'policy_changed'],
];
const actionOf = (method: string): string | undefined =>
  ACTIONS.find(([re]) => re.test(method))?.[1] ?? 'cloud_api_call';

/** `io.k8s.core.v1.pods.exec.create` on `core/v1/namespaces/default/pods/x/exec`. */
function kubernetes(p: JsonObject, method: string, failure: boolean, out: EventFields): void {
  const parts = method.split('.');
  const verb = parts.at(-1);
  const version = parts.findIndex((x) => /^v\d/.test(x));
  const kinds = version < 0 ? [] : parts.slice(version + 1, -1);
  const name = text(dig(p, ['resourceName'])) ?? '';
  out.set('event.reason', text(dig(p, ['status', 'message'])));
  kubernetesCall(
    {
      verb,
      user: first(p, USER),
      resource: kinds[0],
      subresource: kinds[1],
      namespace:
        /\/namespaces\/([^/]+)\//.exec(name)?.[1] ?? text(dig(p, ['request', 'metadata', 'namespace'])),
      name: kinds[0] === undefined ? undefined : name.split(`/${kinds[0]}/`)[1]?.split('/')[0],
      ip: first(p, IP),
      agent: first(p, AGENT),
      failed: failure,
      request: dig(p, ['request']),
      uri: undefined,
    },
    out,
  );
}
