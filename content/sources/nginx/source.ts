/**
 * nginx: access log (combined) and error log. A refused password of basic authentication stands in the error log as a
 * line of its own and is a `user_login` failure; the 401 in the access log is an `http_request` as any other.
 * A combined line that comes with neither program nor path says nothing of its writer and is taken by `apache`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type ParseOutcome } from '../../../src/normalize/source.ts';
import { head, setPeer } from '../../../src/normalize/text.ts';
import { isoStamp } from '../../../src/normalize/time.ts';
import { accessLine, requestLine } from '../apache/access.ts';

/** `2026/03/05 14:23:01 [error] 123#456: *789 text, client: 10.0.0.1, server: _, request: "GET / HTTP/1.1", host: "h"` */
const ERROR =
  /^\d{4}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2} \[(emerg|alert|crit|error|warn|notice|info|debug)\] (\d{1,10})[#:](\d{1,10}):? (?:\*(\d{1,15}) )?/;
const LOGIN = /^user "([^"]{0,255})"(?:: password mismatch| was not found in )/;

/** Values after the text: `, client: X` and the like. The text may hold the client's own words, so the last one counts. */
function value(text: string, name: string): string | undefined {
  const at = text.lastIndexOf(`, ${name}: `);
  if (at < 0) return undefined;
  const from = at + name.length + 4;
  if (text.charAt(from) === '"') {
    const close = text.indexOf('"', from + 1);
    return text.slice(from + 1, close < 0 ? text.length : close);
  }
  const comma = text.indexOf(', ', from);
  return text.slice(from, comma < 0 ? text.length : comma);
}

function errorLine(text: string, m: RegExpExecArray, out: EventFields): ParseOutcome {
  out.set('log.level', m[1]);
  out.set('process.pid', m[2]);
  out.set('process.thread.id', m[3]);
  if (m[4] !== undefined) out.set('nginx.connection', m[4]);
  const rest = text.slice(m[0].length);
  const end = rest.indexOf(', client: ');
  out.set('message', end < 0 ? rest : rest.slice(0, end));
  const client = end < 0 ? undefined : value(rest, 'client');
  if (client !== undefined) setPeer(out, 'source', client);
  const host = value(rest, 'host');
  if (host !== undefined) out.set('url.domain', host.replace(/:\d{1,5}$/, '').toLowerCase());
  const request = value(rest, 'request');
  if (request !== undefined) requestLine(request, out);
  const upstream = value(rest, 'upstream');
  if (upstream !== undefined) out.set('nginx.upstream', upstream);
  const login = LOGIN.exec(rest);
  if (login !== null) {
    out.set('user.name', login[1]);
    out.set('event.reason', rest.includes('password mismatch') ? 'password mismatch' : 'unknown user');
    applyAction(out, 'user_login', 'failure');
  } else if (/^(?:emerg|alert|crit|error|warn)$/.test(m[1] ?? '')) applyAction(out, 'http_error');
  return 'parsed';
}

export default defineSource({
  name: 'nginx',
  version: 1,
  title: 'nginx access and error log',
  recognise: {
    programs: ['nginx', 'nginx-access', 'nginx-error', 'nginx_access', 'nginx_error'],
    paths: ['nginx'],
    sniff: (message) => ERROR.test(message.slice(0, 80)),
  },
  parse: (input, out) => {
    const text = head(input.message).trim();
    const m = ERROR.exec(text);
    if (m !== null) {
      const stamp = isoStamp(text, 0, input);
      if (stamp !== undefined) out.setOurs('@timestamp', stamp.us);
      out.set('event.provider', 'nginx');
      out.set('event.dataset', 'nginx.error');
      out.set('service.name', 'nginx');
      return errorLine(text, m, out);
    }
    if (accessLine(text, out, input) === undefined) return 'no';
    out.set('event.provider', 'nginx');
    out.set('event.dataset', 'nginx.access');
    out.set('service.name', 'nginx');
    out.set('network.protocol', 'http');
    return 'parsed';
  },
});
