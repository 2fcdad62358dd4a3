/**
 * Linux-PAM modules, whatever service they speak for: `pam_unix(sshd:auth): ...`, the old form `sshd(pam_unix)[1]: ...`
 * and `PAM 2 more authentication failures`.
 *
 * One attempt, one failure: services that write a line of their own for each refused login (OWN_LINE: sshd, sudo, su,
 * login) are counted there, so PAM's line is `auth_detail` without outcome. For all other services `pam_unix`'s
 * `authentication failure` is the sign: `pam_login` + `failure`. Other modules (sss, krb5, ldap) report the same attempt
 * again, so their failures are details too.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type ParseOutcome } from '../../../src/normalize/source.ts';
import { head, nameAndUid, pairs, setPeer } from '../../../src/normalize/text.ts';

const OWN_LINE = new Set(['sshd', 'sudo', 'sudo-i', 'su', 'su-l', 'login']);
const HEAD = /^(pam_[a-z0-9_]{1,40})\(([A-Za-z0-9_.@/+-]{0,64}):([a-z_]{1,20})\): ?/;

type Head = {
  readonly module: string;
  readonly service: string;
  readonly stage: string;
  readonly text: string;
};

function split(text: string, program: string): Head | undefined {
  const m = HEAD.exec(text);
  if (m !== null) {
    return { module: m[1] ?? '', service: m[2] ?? '', stage: m[3] ?? '', text: text.slice(m[0].length) };
  }
  const old = /^(.*)\((pam_[a-z0-9_]+)\)$/.exec(program);
  if (old !== null) return { module: old[2] ?? '', service: old[1] ?? '', stage: '', text };
  if (text.startsWith('PAM ')) return { module: 'pam', service: program, stage: 'auth', text: text.slice(4) };
  return undefined;
}

/** `logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.1.5  user=root` */
function peer(text: string, out: EventFields): void {
  const kv = pairs(text);
  const from = kv.get('ruser');
  // Without `user=`, the name is unknown to the host and only `ruser=` tells what was tried.
  const user = kv.get('user') ?? from;
  if (user !== undefined && user !== '') out.set('user.name', user);
  if (from !== undefined && from !== '') out.set('pam.ruser', from);
  const host = kv.get('rhost');
  if (host !== undefined) setPeer(out, 'source', host);
  const tty = kv.get('tty');
  if (tty !== undefined && tty !== '') out.set('pam.tty', tty);
}

function failure(h: Head, out: EventFields): ParseOutcome {
  const semi = h.text.indexOf(';');
  peer(semi < 0 ? '' : h.text.slice(semi + 1), out);
  out.set('event.reason', semi < 0 ? h.text : h.text.slice(0, semi));
  const counts =
    h.module === 'pam_unix' && h.text.startsWith('authentication failure') && !OWN_LINE.has(h.service);
  if (counts) applyAction(out, 'pam_login', 'failure');
  else applyAction(out, 'auth_detail');
  return 'parsed';
}

/** `session opened for user root(uid=0) by bob(uid=1000)`, `session closed for user root` */
function session(text: string, out: EventFields): ParseOutcome | undefined {
  const m = /^session (opened|closed) for user (.*)$/.exec(text);
  if (m === null) return undefined;
  const rest = m[2] ?? '';
  const by = rest.lastIndexOf(' by ');
  const target = nameAndUid(by < 0 ? rest : rest.slice(0, by));
  const actor = nameAndUid(by < 0 ? '' : rest.slice(by + 4));
  const named = actor.name !== '' && actor.name !== 'LOGIN' && actor.name !== target.name;
  out.set('user.name', named ? actor.name : target.name);
  if (named) {
    out.set('user.effective.name', target.name);
    if (target.uid !== '') out.set('user.effective.id', target.uid);
    if (actor.uid !== '') out.set('user.id', actor.uid);
  } else if (target.uid !== '') out.set('user.id', target.uid);
  applyAction(out, m[1] === 'opened' ? 'session_opened' : 'session_closed');
  return 'parsed';
}

function rest(h: Head, out: EventFields): ParseOutcome {
  const { text } = h;
  let m = /^password changed for (\S+)$/.exec(text);
  if (m !== null) {
    out.set('user.target.name', m[1]);
    applyAction(out, 'password_changed', 'success');
    return 'parsed';
  }
  if (text.startsWith('authentication success')) {
    peer(text.slice(text.indexOf(';') + 1), out);
    applyAction(out, 'auth_detail');
    return 'parsed';
  }
  m =
    /^(?:Consecutive login failures for user|user) (\S+)(?: \(\d+\))? (account temporarily locked|tally \d+, deny \d+)/.exec(
      text,
    );
  if (m !== null) {
    out.set('user.target.name', m[1]);
    applyAction(out, 'account_locked');
    out.set('event.reason', m[2]);
    return 'parsed';
  }
  if (
    !text.startsWith('check pass; user unknown') &&
    !/^(?:auth could not identify password for|account |requirement |conversation failed|user not found)/i.test(
      text,
    )
  ) {
    return 'partial';
  }
  m = /(?:for \[|account |by user ")([^\]" ]+)/.exec(text);
  if (m !== null) out.set('user.name', m[1]);
  out.set('event.reason', text);
  applyAction(out, 'auth_detail');
  return 'parsed';
}

export default defineSource({
  name: 'pam',
  version: 1,
  title: 'Linux-PAM',
  recognise: { programs: ['(pam_unix)'], prefixes: ['pam_', 'PAM '] },
  parse: (input, out) => {
    const h = split(head(input.message).trimEnd(), input.program);
    if (h === undefined) return 'no';
    out.set('event.provider', h.module);
    out.set('event.dataset', 'pam');
    if (h.service !== '') out.set('service.name', h.service);
    if (h.stage !== '') out.set('pam.stage', h.stage);
    if (/^(?:authentication failure|\d+ more authentication failure)/.test(h.text)) return failure(h, out);
    if (h.text.startsWith('session ')) return session(h.text, out) ?? 'partial';
    return rest(h, out);
  },
});
