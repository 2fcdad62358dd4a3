/**
 * OpenSSH's sshd (also `sshd-session` of 9.8 and later).
 *
 * One attempt, one failure: only lines of which sshd writes exactly one per refused login get `ssh_login` + `failure`:
 *  - `Failed <method> for`, where the method is one that a person or a guessing tool chose: password,
 *    keyboard-interactive, challenge-response, pam;
 *  - `error: PAM: ... for <known user>`: at its default log level sshd writes no `Failed keyboard-interactive` before the
 *    fourth failure of a known user on a connection. (From the fourth on, one attempt counts twice: rather early than never.)
 * `Failed publickey|none|hostbased|gssapi-*` is what clients offer unasked (a user with three keys and then the right one
 * is not guessing): `ssh_offer_refused`, without outcome. All other lines about attempts (`Invalid user`, `Connection
 * closed by authenticating user`, PAM, `maximum authentication attempts`) are `auth_detail` or `ssh_preauth_disconnect`,
 * without outcome. Lines of PAM modules (`pam_unix(sshd:auth): ...`) belong to the source `pam`.
 */
import { head, setPeer } from '../../../src/normalize/text.ts';
import { defineSource, type ParseOutcome } from '../../../src/normalize/source.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import type { EventFields } from '../../../src/model/event.ts';
import { acceptedKey } from './key.ts';

type Who = { readonly user: string; readonly address: string; readonly port: string; readonly tail: string };

const ADDRESS =
  /^(\S{1,255})(?: port (\d{1,5}))?(?: on \S+ port \d{1,5})?(?: ssh\d)?(?: \[preauth\])?(?::? (.*))?$/;

/**
 * `USER from ADDRESS port N ssh2: tail`. Users that log in are real ones: the first ` from ` counts. Names of refused
 * logins are the attacker's (`root from 10.0.0.9 port 1 ssh2`): there the last one that is followed by an address does.
 */
function who(text: string, from: 'first' | 'last'): Who | undefined {
  let i = from === 'first' ? text.indexOf(' from ') : text.lastIndexOf(' from ');
  // `Failed password for  from 10.0.1.5`: an empty name.
  if (i < 0 && text.startsWith('from ')) i = -1;
  else if (i < 0) return undefined;
  const m = ADDRESS.exec(text.slice(i + 6));
  if (m === null) return undefined;
  return { user: i < 0 ? '' : text.slice(0, i), address: m[1] ?? '', port: m[2] ?? '', tail: m[3] ?? '' };
}

const INVALID = /^(?:invalid|illegal) user /;
const OFFERS = /^(?:none|publickey|hostbased|gssapi)/;

function setWho(out: EventFields, w: Who): void {
  let { user } = w;
  const bad = INVALID.exec(user);
  if (bad !== null) {
    user = user.slice(bad[0].length);
    out.set('ssh.invalid_user', true);
  }
  out.set('user.name', user);
  setPeer(out, 'source', w.address, w.port);
}

function common(out: EventFields): void {
  out.set('event.provider', 'sshd');
  out.set('event.dataset', 'sshd');
  out.set('service.name', 'sshd');
  out.set('network.protocol', 'ssh');
}

/** `Failed|Accepted|Postponed|Partial METHOD for ...` */
function verdict(text: string, word: string, out: EventFields): ParseOutcome {
  const at = text.indexOf(' for ', word.length);
  if (at < 0 || at - word.length > 100) return 'partial';
  const method = text.slice(word.length, at);
  const key = method === 'publickey' || word === 'Accepted ';
  const w = who(text.slice(at + 5), key ? 'first' : 'last');
  if (w === undefined) return 'partial';
  out.set('ssh.method', method);
  setWho(out, w);
  if (key && w.tail !== '') acceptedKey(w.tail, out);
  if (word === 'Accepted ') {
    applyAction(out, 'ssh_login', 'success');
  } else if (word !== 'Failed ') {
    applyAction(out, 'auth_detail');
  } else if (OFFERS.test(method)) {
    applyAction(out, 'ssh_offer_refused');
    out.set('event.reason', `${method} refused`);
  } else {
    applyAction(out, 'ssh_login', 'failure');
    out.set('event.reason', out.has('ssh.invalid_user') ? 'unknown user' : `${method} refused`);
  }
  return 'parsed';
}

/** `PAM: Authentication failure for [illegal user ]bob from 10.0.1.5` (after `error: `). */
function pamError(text: string, out: EventFields): ParseOutcome {
  const at = text.indexOf(' for ');
  const w = at < 0 ? undefined : who(text.slice(at + 5), 'last');
  if (w === undefined) return 'partial';
  setWho(out, w);
  out.set('ssh.method', 'keyboard-interactive/pam');
  out.set('event.reason', text.slice(5, at));
  if (out.has('ssh.invalid_user') || !/authentication|password/i.test(text.slice(5, at))) {
    applyAction(out, 'auth_detail');
  } else applyAction(out, 'ssh_login', 'failure');
  return 'parsed';
}

/** Lines that name a peer as `from ADDRESS` or `ADDRESS port N`, with what they mean. First match wins. */
type Shape = {
  readonly re: RegExp;
  readonly action: string;
  readonly reason?: string;
};
/** Groups: user, ip, port, why. Anchored, no nested repetition; `user` is greedy, so the last address counts. */
const SHAPES: ReadonlyMap<string, readonly Shape[]> = new Map([
  [
    'Invalid',
    [
      {
        re: /^Invalid user (?<user>.*) from (?<ip>\S+)(?: port (?<port>\d{1,5}))?$/,
        action: 'auth_detail',
        reason: 'unknown user',
      },
    ],
  ],
  [
    'Illegal',
    [{ re: /^Illegal user (?<user>.*) from (?<ip>\S+)$/, action: 'auth_detail', reason: 'unknown user' }],
  ],
  [
    'Connection',
    [
      { re: /^Connection from (?<ip>\S+) port (?<port>\d{1,5})(?: on .*)?$/, action: 'network_connection' },
      {
        re: /^Connection (?<why>closed|reset) by (?:authenticating|invalid) user (?<user>.*) (?<ip>\S+) port (?<port>\d{1,5})(?: \[preauth\])?$/,
        action: 'ssh_preauth_disconnect',
      },
      {
        re: /^Connection (?<why>closed|reset) by (?<ip>\S+)(?: port (?<port>\d{1,5}))? \[preauth\]$/,
        action: 'ssh_preauth_disconnect',
      },
      {
        re: /^Connection (?<why>closed|reset) by (?<ip>\S+)(?: port (?<port>\d{1,5}))?$/,
        action: 'ssh_disconnect',
      },
    ],
  ],
  [
    'Disconnected',
    [
      {
        re: /^Disconnected from (?:authenticating|invalid) user (?<user>.*) (?<ip>\S+) port (?<port>\d{1,5})(?: \[preauth\])?$/,
        action: 'ssh_preauth_disconnect',
      },
      {
        re: /^Disconnected from user (?<user>.*) (?<ip>\S+) port (?<port>\d{1,5})$/,
        action: 'ssh_disconnect',
      },
      {
        re: /^Disconnected from (?<ip>\S+)(?: port (?<port>\d{1,5}))? \[preauth\]$/,
        action: 'ssh_preauth_disconnect',
      },
      { re: /^Disconnected from (?<ip>\S+)(?: port (?<port>\d{1,5}))?$/, action: 'ssh_disconnect' },
    ],
  ],
  [
    'Disconnecting',
    [
      {
        re: /^Disconnecting (?:authenticating|invalid) user (?<user>.*) (?<ip>[0-9A-Fa-f.:]+) port (?<port>\d{1,5}): (?<why>.*?)(?: \[preauth\])?$/,
        action: 'ssh_preauth_disconnect',
      },
      {
        re: /^Disconnecting (?:authenticating|invalid) user (?<user>.*) (?<ip>\S+) port (?<port>\d{1,5})(?: \[preauth\])?$/,
        action: 'ssh_preauth_disconnect',
      },
      {
        re: /^Disconnecting(?: (?<ip>[0-9A-Fa-f.:]+) port (?<port>\d{1,5}))?: (?<why>.*?)(?: \[preauth\])?$/,
        action: 'ssh_preauth_disconnect',
      },
    ],
  ],
  [
    'Received',
    [
      {
        re: /^Received disconnect from (?<ip>\S+)(?: port (?<port>\d{1,5}))?: ?(?<why>.*) \[preauth\]$/,
        action: 'ssh_preauth_disconnect',
      },
      {
        re: /^Received disconnect from (?<ip>\S+)(?: port (?<port>\d{1,5}))?: ?(?<why>.*)$/,
        action: 'ssh_disconnect',
      },
    ],
  ],
  [
    'Did',
    [
      {
        re: /^Did not receive identification string from (?<ip>\S+)(?: port (?<port>\d{1,5}))?(?: .*)?$/,
        action: 'ssh_protocol_error',
        reason: 'no identification string',
      },
    ],
  ],
  [
    'Bad',
    [
      {
        re: /^Bad protocol version identification '(?<why>.*)' from (?<ip>\S+)(?: port (?<port>\d{1,5}))?$/,
        action: 'ssh_protocol_error',
      },
      { re: /^Bad packet length (?<why>\d+)\..*$/, action: 'ssh_protocol_error' },
    ],
  ],
  [
    'Unable',
    [
      {
        re: /^Unable to negotiate with (?<ip>\S+)(?: port (?<port>\d{1,5}))?: (?<why>.*?)(?: \[preauth\])?$/,
        action: 'ssh_protocol_error',
      },
    ],
  ],
  [
    'maximum',
    [
      {
        re: /^maximum authentication attempts exceeded for (?:invalid user )?(?<user>.*) from (?<ip>\S+) port (?<port>\d{1,5})(?: ssh2)?(?: \[preauth\])?$/,
        action: 'auth_detail',
        reason: 'too many attempts on one connection',
      },
    ],
  ],
  [
    'User',
    [
      { re: /^User (?<user>.*) from (?<ip>\S+) not allowed because (?<why>.*)$/, action: 'auth_detail' },
      { re: /^User (?<user>.*) not allowed because (?<why>.*)$/, action: 'auth_detail' },
    ],
  ],
  [
    'ROOT',
    [
      {
        re: /^ROOT LOGIN REFUSED FROM (?<ip>\S+)(?: port (?<port>\d{1,5}))?$/,
        action: 'auth_detail',
        reason: 'root login refused',
      },
    ],
  ],
  [
    'Timeout',
    [
      {
        re: /^Timeout before authentication for (?:connection from )?(?<ip>\S+)(?: to .*)?(?: port (?<port>\d{1,5}))?$/,
        action: 'ssh_preauth_disconnect',
        reason: 'timeout',
      },
    ],
  ],
  [
    'Close',
    [
      {
        re: /^Close session: user (?<user>.*) from (?<ip>\S+) port (?<port>\d{1,5}) id \d+$/,
        action: 'ssh_disconnect',
      },
    ],
  ],
  [
    'reverse',
    [
      {
        re: /^reverse mapping checking getaddrinfo for \S+ \[(?<ip>[^\]]+)\] failed(?<why>.*)$/,
        action: 'auth_detail',
      },
    ],
  ],
  [
    'Address',
    [{ re: /^Address (?<ip>\S+) maps to (?<why>\S+), but this does not map back.*$/, action: 'auth_detail' }],
  ],
  [
    'input_userauth_request:',
    [
      {
        re: /^input_userauth_request: invalid user (?<user>.*?)(?: \[preauth\])?$/,
        action: 'auth_detail',
        reason: 'unknown user',
      },
    ],
  ],
  [
    'Authentication',
    [{ re: /^Authentication (?:refused|tried) (?:for (?<user>\S+) )?(?<why>.*)$/, action: 'auth_detail' }],
  ],
  [
    'kex_exchange_identification:',
    [
      {
        re: /^kex_exchange_identification: (?<why>.*)$/,
        action: 'ssh_protocol_error',
      },
    ],
  ],
  [
    'banner',
    [
      {
        re: /^banner exchange: Connection from (?<ip>\S+) port (?<port>\d{1,5}): (?<why>.*)$/,
        action: 'ssh_protocol_error',
      },
    ],
  ],
  [
    'ssh_dispatch_run_fatal:',
    [
      {
        re: /^ssh_dispatch_run_fatal: Connection from (?:(?:authenticating|invalid) )?(?:user (?<user>.*) )?(?<ip>\S+) port (?<port>\d{1,5}): (?<why>.*?)(?: \[preauth\])?$/,
        action: 'ssh_protocol_error',
      },
    ],
  ],
  [
    'drop',
    [
      {
        re: /^drop connection #\d+ from \[(?<ip>[^\]]+)\]:(?<port>\d{1,5}) on \S+ (?<why>.*)$/,
        action: 'ssh_preauth_disconnect',
      },
    ],
  ],
  ['Corrupted', [{ re: /^Corrupted MAC on input\.?(?<why>.*)$/, action: 'ssh_protocol_error' }]],
]);

function byShape(text: string, out: EventFields): ParseOutcome {
  const blank = text.indexOf(' ');
  let first = blank < 0 ? text : text.slice(0, blank);
  // `Disconnecting: reason`
  if (first === 'Disconnecting:') first = 'Disconnecting';
  for (const shape of SHAPES.get(first) ?? []) {
    const g = shape.re.exec(text)?.groups;
    if (g === undefined) continue;
    if (g['user'] !== undefined) out.set('user.name', g['user']);
    if (g['ip'] !== undefined) setPeer(out, 'source', g['ip'], g['port']);
    const reason = shape.reason ?? g['why'];
    if (reason !== undefined && reason !== '') out.set('event.reason', reason.trim());
    applyAction(out, shape.action);
    return 'parsed';
  }
  return 'partial';
}

/** Lines about the server itself. */
function server(text: string, out: EventFields): ParseOutcome {
  let m = /^Server listening on (\S+) port (\d{1,5})\.?$/.exec(text);
  if (m !== null) {
    // Our end of it: not a peer.
    out.set('server.ip', m[1]);
    out.set('server.port', m[2]);
    applyAction(out, 'network_listening');
    return 'parsed';
  }
  m = /^Received signal (\d+); (terminating|restarting)\.?$/.exec(text);
  if (m !== null) {
    applyAction(out, m[2] === 'terminating' ? 'service_stopped' : 'service_started');
    return 'parsed';
  }
  m = /^Starting session: (\S+)(?: on \S+)? for (\S+) from (\S+) port (\d{1,5})/.exec(text);
  if (m !== null) {
    out.set('user.name', m[2]);
    setPeer(out, 'source', m[3] ?? '', m[4]);
    applyAction(out, 'session_opened');
    return 'parsed';
  }
  m = /^subsystem request for (\S+) by user (\S+)(.*)$/.exec(text);
  if (m === null) return byShape(text, out);
  out.set('ssh.subsystem', m[1]);
  out.set('user.name', m[2]);
  return 'parsed';
}

export default defineSource({
  name: 'sshd',
  version: 1,
  title: 'OpenSSH server',
  recognise: { programs: ['sshd', 'sshd-session', 'sshd-auth'] },
  parse: (input, out) => {
    // Two lines in one record: the second must not lend its words to the first.
    const end = input.message.indexOf('\n');
    if (end >= 0) out.overflow++;
    let text = head(end < 0 ? input.message : input.message.slice(0, end)).trimEnd();
    if (text.startsWith('pam_') || text.startsWith('PAM ')) return 'no';
    common(out);
    if (text.startsWith('error: ') || text.startsWith('fatal: ')) {
      text = text.slice(7);
      if (text.startsWith('PAM: ')) return pamError(text, out);
    }
    if (text.startsWith('Failed ')) return verdict(text, 'Failed ', out);
    if (text.startsWith('Accepted ')) return verdict(text, 'Accepted ', out);
    if (text.startsWith('Postponed ')) return verdict(text, 'Postponed ', out);
    if (text.startsWith('Partial ')) return verdict(text, 'Partial ', out);
    return server(text, out);
  },
});
