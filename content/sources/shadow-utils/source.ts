/**
 * The account tools of shadow-utils: useradd, usermod, userdel, groupadd, groupmod, groupdel, gpasswd, passwd, chage.
 * A change is written once per database (passwd, shadow, group, gshadow); only the first line of each has an action, the
 * companions (`to shadow group`, `group added to /etc/gshadow`) are mapped without one, so that one change counts once.
 * `passwd` and `chpasswd` speak through PAM: see the source `pam`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type ParseOutcome } from '../../../src/normalize/source.ts';
import { head } from '../../../src/normalize/text.ts';

/** Groups: user, group, by, why, members. `action` '' for companion lines. */
type Shape = { readonly re: RegExp; readonly action: string; readonly outcome?: 'failure' };
const SHAPES: readonly Shape[] = [
  { re: /^add '(?<user>[^']*)' to group '(?<group>[^']*)'$/, action: 'group_member_added' },
  { re: /^add '(?<user>[^']*)' to shadow group '(?<group>[^']*)'$/, action: '' },
  { re: /^user (?<user>\S+) added by (?<by>\S+) to group (?<group>\S+)$/, action: 'group_member_added' },
  { re: /^delete '(?<user>[^']*)' from group '(?<group>[^']*)'$/, action: 'group_member_removed' },
  { re: /^delete '(?<user>[^']*)' from shadow group '(?<group>[^']*)'$/, action: '' },
  {
    re: /^user (?<user>\S+) removed by (?<by>\S+) from group (?<group>\S+)$/,
    action: 'group_member_removed',
  },
  { re: /^members of group (?<group>\S+) set by (?<by>\S+) to (?<why>.*)$/, action: 'group_changed' },
  { re: /^delete user '(?<user>[^']*)'$/, action: 'user_deleted' },
  { re: /^removed group '(?<group>[^']*)' owned by '(?<owner>[^']*)'$/, action: 'group_deleted' },
  { re: /^removed shadow group '(?<group>[^']*)'.*$/, action: '' },
  { re: /^group '(?<group>[^']*)' removed$/, action: 'group_deleted' },
  { re: /^group '(?<group>[^']*)' removed from \S+$/, action: '' },
  {
    re: /^group changed in \/etc\/group \(group (?<group>[^/,)]+)(?:\/\d+)?(?<why>[^)]*)\)$/,
    action: 'group_changed',
  },
  { re: /^change user '(?<user>[^']*)' password$/, action: 'password_reset' },
  { re: /^change user '(?<user>[^']*)' (?<why>.*)$/, action: 'user_changed' },
  { re: /^lock user '(?<user>[^']*)' (?<why>password)$/, action: 'user_disabled' },
  { re: /^unlock user '(?<user>[^']*)' (?<why>password)$/, action: 'user_enabled' },
  { re: /^changed password expiry for (?<user>\S+)$/, action: 'user_changed' },
  { re: /^failed adding user '(?<user>[^']*)',? ?(?<why>.*)$/, action: 'user_created', outcome: 'failure' },
];

/** `new user: name=bob, UID=1001, GID=1001, home=/home/bob, shell=/bin/bash` */
function created(text: string, out: EventFields): ParseOutcome | undefined {
  const m = /^(new user|new group|group added to \S+): (.*)$/.exec(text);
  if (m === null) return undefined;
  const kv = new Map<string, string>();
  for (const part of (m[2] ?? '').split(', ')) {
    const eq = part.indexOf('=');
    if (eq > 0) kv.set(part.slice(0, eq), part.slice(eq + 1));
  }
  const name = kv.get('name');
  if (name === undefined) return undefined;
  if (m[1] !== 'new user') {
    out.set('group.name', name);
    out.set('group.id', kv.get('GID'));
    if (m[1] === 'new group') applyAction(out, 'group_created', 'success');
    return 'parsed';
  }
  out.set('user.target.name', name);
  out.set('user.target.id', kv.get('UID'));
  out.set('user.target.group.id', kv.get('GID'));
  out.set('user.target.home', kv.get('home'));
  out.set('user.target.shell', kv.get('shell'));
  if (kv.get('from') !== 'none') out.set('shadow.from', kv.get('from'));
  applyAction(out, 'user_created', 'success');
  return 'parsed';
}

function shaped(text: string, out: EventFields): ParseOutcome {
  for (const s of SHAPES) {
    const g = s.re.exec(text)?.groups;
    if (g === undefined) continue;
    out.set('user.target.name', g['user']);
    out.set('group.name', g['group']);
    out.set('user.name', g['by']);
    if (g['why'] !== undefined && g['why'] !== '') out.set('event.reason', g['why'].trim());
    if (s.action !== '') applyAction(out, s.action, s.outcome ?? 'success');
    return 'parsed';
  }
  return 'partial';
}

export default defineSource({
  name: 'shadow-utils',
  version: 1,
  title: 'Account tools (useradd, usermod, groupadd, gpasswd, chage)',
  recognise: {
    programs: [
      'useradd',
      'usermod',
      'userdel',
      'groupadd',
      'groupmod',
      'groupdel',
      'gpasswd',
      'passwd',
      'chage',
      'chpasswd',
      'newusers',
    ],
  },
  parse: (input, out) => {
    const text = head(input.message).trim();
    if (text.startsWith('pam_') || text.startsWith('PAM ')) return 'no';
    out.set('event.provider', input.program);
    out.set('event.dataset', 'shadow-utils');
    return created(text, out) ?? shaped(text, out);
  },
});
