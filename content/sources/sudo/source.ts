/**
 * sudo: `bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/ls`, and the refusals (not in sudoers, command not
 * allowed, N incorrect password attempts). Each is one `sudo_command`; wrong passwords are counted in `sudo.attempts`.
 * Directory and command are the user's own text: the first `; COMMAND=` counts, so that a command cannot hide itself
 * behind a later one. PAM's lines belong to the source `pam`.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type ParseOutcome } from '../../../src/normalize/source.ts';
import { head } from '../../../src/normalize/text.ts';

const OPTIONS: readonly (readonly [string, string])[] = [
  ['TTY=', 'sudo.tty'],
  ['PWD=', 'process.working_directory'],
  ['USER=', 'user.effective.name'],
  ['GROUP=', 'sudo.group'],
  ['HOST=', 'sudo.host'],
  ['TSID=', 'sudo.session'],
  ['ENV=', 'sudo.env'],
  ['CHROOT=', 'sudo.chroot'],
];

/** The part before COMMAND: options, and what is no option is the reason of a refusal. */
function options(text: string, out: EventFields): string {
  let reason = '';
  for (const part of text.split(' ; ')) {
    const option = OPTIONS.find(([key]) => part.startsWith(key));
    if (option !== undefined) {
      if (option[1] === 'user.effective.name' || !out.has(option[1]))
        out.set(option[1], part.slice(option[0].length));
    } else if (reason === '') reason = part.trim();
  }
  return reason;
}

function command(user: string, text: string, out: EventFields): ParseOutcome {
  const at = text.indexOf('COMMAND=');
  out.set('user.name', user);
  const reason = options(at < 0 ? text : text.slice(0, at), out);
  if (at < 0) return refusedWithoutCommand(reason, out);
  const line = text.slice(at + 8);
  const blank = line.indexOf(' ');
  out.set('process.command_line', line);
  out.set('process.executable', blank < 0 ? line : line.slice(0, blank));
  if (!out.has('user.effective.name')) out.set('user.effective.name', 'root');
  const attempts = /^(\d{1,4}) incorrect password attempts?/.exec(reason);
  if (attempts !== null) out.set('sudo.attempts', Number(attempts[1]));
  if (reason !== '') out.set('event.reason', attempts === null ? reason : 'incorrect password');
  applyAction(out, 'sudo_command', reason === '' ? 'success' : 'failure');
  return 'parsed';
}

function refusedWithoutCommand(reason: string, out: EventFields): ParseOutcome {
  if (reason === '') return 'partial';
  out.set('event.reason', reason);
  applyAction(out, 'auth_detail');
  return 'parsed';
}

export default defineSource({
  name: 'sudo',
  version: 1,
  title: 'sudo',
  recognise: { programs: ['sudo', 'sudoedit'] },
  parse: (input, out) => {
    const text = head(input.message).trim();
    if (text.startsWith('pam_') || text.startsWith('PAM ')) return 'no';
    out.set('event.provider', 'sudo');
    out.set('event.dataset', 'sudo');
    out.set('service.name', 'sudo');
    const colon = text.indexOf(' : ');
    if (colon <= 0 || colon > 255) return 'partial';
    const user = text.slice(0, colon);
    const rest = text.slice(colon + 3);
    if (rest.startsWith('(command continued)')) {
      out.set('user.name', user);
      return 'partial';
    }
    return command(user, rest, out);
  },
});
