/**
 * The Kubernetes API's audit events (audit.k8s.io), which clouds deliver in wrappings of their own. Whatever the wrapping,
 * rules find the same names:
 *
 *   event.code                   the verb (create, get, delete)
 *   orchestrator.resource.type   pods, secrets, clusterroles
 *   orchestrator.resource.name   name of the object
 *   orchestrator.namespace
 *   kubernetes.subresource       exec, token, log
 *   kubernetes.request.*         the object that was sent
 *   process.command_line         what an exec ran
 */
import type { EventFields } from '../../src/model/event.ts';
import type { Json, JsonObject } from '../../src/normalize/source.ts';
import { act, address, dig, paths, setTime } from './audit.ts';
import { flattenInto, isObject, list, number, text } from './json.ts';

export type KubernetesCall = {
  readonly verb: string | undefined;
  readonly user: string | undefined;
  readonly resource: string | undefined;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly ip: string | undefined;
  readonly agent: string | undefined;
  readonly failed: boolean;
  readonly request: Json | undefined;
  readonly uri: string | undefined;
};

export function kubernetesCall(c: KubernetesCall, out: EventFields): void {
  out.set('event.kind', 'event');
  out.set('event.provider', 'kubernetes');
  out.set('event.code', c.verb ?? 'unknown');
  out.set('orchestrator.type', 'kubernetes');
  out.set('orchestrator.resource.type', c.resource);
  out.set('orchestrator.resource.name', c.name);
  out.set('orchestrator.namespace', c.namespace);
  out.set('kubernetes.subresource', c.subresource);
  out.set('user.name', c.user);
  out.set('source.ip', address(c.ip));
  out.set('user_agent.original', c.agent);
  out.set('url.path', c.uri?.split('?', 1)[0]);
  if (isObject(c.request)) flattenInto(out, 'kubernetes.request', c.request);
  const command = c.subresource === 'exec' ? commandOf(c) : '';
  if (command !== '') out.set('process.command_line', command);
  act(out, undefined, c.failed ? 'failure' : 'success');
}

/** The command of an exec: in the object that was sent, or in the query of the request. */
function commandOf(c: KubernetesCall): string {
  const sent = list(dig(c.request, ['command']));
  if (sent.length > 0) return sent.join(' ');
  const query = c.uri?.split('?', 2)[1] ?? '';
  return new URLSearchParams(query.slice(0, 8192)).getAll('command').join(' ');
}

/** An audit.k8s.io Event; false where the document is none. */
export function kubernetesEvent(doc: JsonObject, out: EventFields): boolean {
  if (text(dig(doc, ['kind'])) !== 'Event') return false;
  // An object of the kind Event, which also has no verb, is something else.
  const audit = text(dig(doc, ['apiVersion']))?.startsWith('audit.k8s.io/') === true;
  if (!audit && dig(doc, ['verb']) === undefined && dig(doc, ['user', 'username']) === undefined)
    return false;
  setTime(out, doc, paths('stageTimestamp', 'requestReceivedTimestamp'));
  const code = number(dig(doc, ['responseStatus', 'code']));
  out.set('event.id', text(dig(doc, ['auditID'])));
  out.set('http.response.status_code', code);
  out.set('event.reason', text(dig(doc, ['responseStatus', 'message'])));
  kubernetesCall(
    {
      verb: text(dig(doc, ['verb'])),
      user: text(dig(doc, ['user', 'username'])),
      resource: text(dig(doc, ['objectRef', 'resource'])),
      subresource: text(dig(doc, ['objectRef', 'subresource'])),
      namespace: text(dig(doc, ['objectRef', 'namespace'])),
      name: text(dig(doc, ['objectRef', 'name'])),
      ip: list(dig(doc, ['sourceIPs']))[0],
      agent: text(dig(doc, ['userAgent'])),
      failed: code !== undefined && code >= 400,
      request: dig(doc, ['requestObject']),
      uri: text(dig(doc, ['requestURI'])),
    },
    out,
  );
  return true;
}
