/**
 * Apache httpd: access log (common, combined, with virtual host) and error log (2.2 and 2.4). A refused password of basic
 * or digest authentication stands in the error log as a line of its own and is a `user_login` failure; the 401 in the
 * access log is an `http_request` as any other.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type ParseOutcome, type SourceInput } from '../../../src/normalize/source.ts';
import { head, setPeer } from '../../../src/normalize/text.ts';
import { parseTime } from '../../../src/normalize/time.ts';
import { accessLine, looksLikeAccess } from './access.ts';

/** `[stamp] [module:level] [pid 1:tid 2] [client 10.0.0.1:3] text`; each part of the front may be absent. */
const PART = /\[((?:client|remote) \[[^\]]{1,64}\](?::\d{1,5})?|[^\]]{0,255})\] ?/y;
const LEVEL = /^(?:([a-z0-9_]{0,64}):)?(emerg|alert|crit|error|warn|notice|info|debug|trace\d)$/;
const PID = /^pid (\d{1,10})(?::tid (\S{1,24}))?$/;
const CLIENT = /^(?:remote|client) (\S{1,255})$/;
const PARTS_MAX = 8;

function isError(text: string): boolean {
  return /^\[(?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:|(?:error|warn|notice|crit|alert|emerg|info|debug)\] )/.test(
    text.slice(0, 40),
  );
}

/** The bracketed front; returns where the text begins. */
function front(text: string, out: EventFields, input: SourceInput): number {
  let at = 0;
  for (let n = 0; n < PARTS_MAX; n++) {
    PART.lastIndex = at;
    const m = PART.exec(text);
    if (m === null || !part(m[1] ?? '', out, input)) break;
    at = PART.lastIndex;
  }
  return at;
}

function part(value: string, out: EventFields, input: SourceInput): boolean {
  const level = LEVEL.exec(value);
  if (level !== null) {
    if (level[1] !== undefined && level[1] !== '') out.set('apache.module', level[1]);
    out.set('log.level', level[2]);
    return true;
  }
  const pid = PID.exec(value);
  if (pid !== null) {
    out.set('process.pid', pid[1]);
    if (pid[2] !== undefined) out.set('process.thread.id', pid[2]);
    return true;
  }
  const client = CLIENT.exec(value);
  if (client !== null) {
    peer(client[1] ?? '', out);
    return true;
  }
  const us = value.length > 18 && value.length < 40 ? parseTime(value, input) : undefined;
  if (us === undefined) return false;
  out.setOurs('@timestamp', us);
  return true;
}

/** Apache writes `192.0.2.1:50000` and, without brackets, `::1:50000`; up to 2.2 it writes no port. */
function peer(text: string, out: EventFields): void {
  const m = /^(.*):(\d{1,5})$/.exec(text);
  const host = m?.[1] ?? '';
  const port = m?.[2] ?? '';
  // An address of many colons ends in a port only where that is too long to be taken for a part of it.
  const split = m !== null && (!host.includes(':') || host.startsWith('[') || port.length >= 4);
  setPeer(out, 'source', split ? host : text, split ? port : undefined);
}

const LOGIN =
  /^user (.{1,255}?)(?: not found|: authentication failure for|: password mismatch|: user not found)/i;

function errorText(text: string, out: EventFields): ParseOutcome {
  let rest = text;
  const code = /^(AH\d{5}): /.exec(rest);
  if (code !== null) {
    out.set('event.code', code[1]);
    rest = rest.slice(code[0].length);
  }
  out.set('message', text);
  const login = LOGIN.exec(rest);
  if (login !== null) {
    out.set('user.name', login[1]);
    out.set('event.reason', rest);
    applyAction(out, 'user_login', 'failure');
    return 'parsed';
  }
  const file =
    /^(?:File does not exist|script not found or unable to stat|Directory index forbidden by rule|client denied by server configuration): (\S[^,]{0,1024})/.exec(
      rest,
    );
  if (file !== null) out.set('file.path', file[1]);
  const level = out.text('log.level') ?? '';
  if (/^(?:emerg|alert|crit|error|warn)$/.test(level)) applyAction(out, 'http_error');
  return 'parsed';
}

export default defineSource({
  name: 'apache',
  version: 1,
  title: 'Apache httpd access and error log',
  recognise: {
    programs: ['apache', 'apache2', 'httpd', 'apache-access', 'apache-error'],
    paths: ['apache', 'httpd'],
    sniff: (message) => isError(message) || looksLikeAccess(message),
  },
  parse: (input, out) => {
    const text = head(input.message).trim();
    if (isError(text)) {
      out.set('event.provider', 'apache');
      out.set('event.dataset', 'apache.error');
      out.set('service.name', 'apache');
      return errorText(text.slice(front(text, out, input)), out);
    }
    if (accessLine(text, out, input) === undefined) return 'no';
    out.set('event.provider', 'apache');
    out.set('event.dataset', 'apache.access');
    out.set('service.name', 'apache');
    out.set('network.protocol', 'http');
    return 'parsed';
  },
});
