/**
 * systemd (PID 1 and user managers) and systemd-logind: units that start, stop and fail; sessions that come and go.
 * A unit's failure is written in several lines; only `Failed with result` (older: `entered failed state`) and a failed
 * dependency are `service_failed`, so that one failure counts once.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type ParseOutcome } from '../../../src/normalize/source.ts';
import { head } from '../../../src/normalize/text.ts';

const UNIT =
  /^(?:Unit )?([^\s:]{1,255}\.(?:service|socket|timer|mount|scope|slice|target|path|device|swap|automount)):? (.*)$/;
/** `nginx.service - A web server` or the description alone. */
const NAMED =
  /^([^\s]{1,255}\.(?:service|socket|timer|mount|scope|slice|target|path|device|swap|automount)) - (.*)$/;
const SESSION =
  /^(?:Session (\S+) of [Uu]ser (\S+?)|session-(\S+)\.scope - Session \S+ of [Uu]ser (\S+?))\.?$/;

function named(text: string, out: EventFields): void {
  const bare = text.replace(/(?:\.{1,3}|…)$/, '');
  const m = NAMED.exec(bare);
  const unit = m?.[1] ?? out.text('systemd.unit');
  if (m !== null) out.set('systemd.description', m[2]);
  else out.set('systemd.description', bare);
  // In the journal, UNIT= names it where the text only describes it; the manager's own unit is no answer.
  const about = m !== null || (unit !== undefined && unit !== 'init.scope') ? (unit ?? bare) : bare;
  if (m !== null) out.set('systemd.unit', about);
  out.set('service.name', about.replace(/\.service$/, ''));
}

const VERBS: ReadonlyMap<string, string> = new Map([
  ['Started ', 'service_started'],
  ['Finished ', ''],
  ['Stopped ', 'service_stopped'],
  ['Starting ', ''],
  ['Stopping ', ''],
  ['Reloading ', ''],
  ['Reloaded ', ''],
  ['Mounted ', ''],
  ['Mounting ', ''],
  ['Unmounted ', ''],
  ['Unmounting ', ''],
  ['Listening on ', ''],
  ['Closed ', ''],
  ['Reached target ', ''],
  ['Stopped target ', ''],
  ['Created slice ', ''],
  ['Removed slice ', ''],
]);

function verb(text: string, out: EventFields): ParseOutcome | undefined {
  const blank = text.indexOf(' ');
  let key = text.slice(0, blank + 1);
  if (
    key === 'Listening ' ||
    key === 'Reached ' ||
    key === 'Created ' ||
    key === 'Removed ' ||
    text.startsWith('Stopped target ')
  ) {
    key = text.slice(0, text.indexOf(' ', blank + 1) + 1);
  }
  const action = VERBS.get(key);
  if (action === undefined) return undefined;
  const rest = text.slice(key.length);
  const session = SESSION.exec(rest);
  if (session !== null) {
    // logind writes the line that counts (`New session`).
    out.set('systemd.session', session[1] ?? session[3]);
    out.set('user.name', session[2] ?? session[4]);
    return 'parsed';
  }
  named(rest, out);
  out.set('event.reason', key.trim());
  if (action !== '') applyAction(out, action, 'success');
  return 'parsed';
}

function failed(text: string, out: EventFields): ParseOutcome | undefined {
  const dependency = /^Dependency failed for (.*)$/.exec(text);
  if (dependency !== null) {
    named(dependency[1] ?? '', out);
    out.set('event.reason', 'dependency failed');
    applyAction(out, 'service_failed', 'failure');
    return 'parsed';
  }
  const start = /^Failed to (start|listen on|mount|stop) (.*)$/.exec(text);
  if (start !== null) {
    named(start[2] ?? '', out);
    out.set('event.reason', `failed to ${start[1]}`);
    out.set('event.outcome', 'failure');
    return 'parsed';
  }
  return undefined;
}

function unit(text: string, out: EventFields): ParseOutcome | undefined {
  const m = UNIT.exec(text);
  if (m === null) return undefined;
  const [, name = '', rest = ''] = m;
  out.set('systemd.unit', name);
  out.set('service.name', name.replace(/\.service$/, ''));
  const result = /^(?:Failed with result '([a-z-]{1,40})'|entered failed state)\.?$/.exec(rest);
  if (result !== null) {
    out.set('event.reason', result[1] ?? 'failed');
    applyAction(out, 'service_failed', 'failure');
    return 'parsed';
  }
  const exited = /^Main process exited, code=([a-z]{1,20}), status=(\S{1,40})$/.exec(rest);
  if (exited !== null) {
    out.set('systemd.exit.code', exited[1]);
    out.set('systemd.exit.status', exited[2]);
  }
  const restarts = /^Scheduled restart job, restart counter is at (\d{1,9})\.?$/.exec(rest);
  if (restarts !== null) out.set('systemd.restarts', Number(restarts[1]));
  out.set('event.reason', rest);
  return 'parsed';
}

function logind(text: string, out: EventFields): ParseOutcome | undefined {
  const m =
    /^(?:New session '?(\S+?)'? of user '?(\S+?)'?(?: with .*)?\.?|Removed session (\S+?)\.|Session (\S+) logged out.*)$/.exec(
      text,
    );
  if (m !== null) {
    out.set('systemd.session', m[1] ?? m[3] ?? m[4]);
    if (m[2] !== undefined) {
      out.set('user.name', m[2]);
      applyAction(out, 'session_opened');
    } else if (m[3] !== undefined) applyAction(out, 'session_closed');
    return 'parsed';
  }
  if (
    /^(?:System is (?:powering (?:off|down)|rebooting|halting)|The system will (?:power off|reboot|halt) now)/.test(
      text,
    )
  ) {
    out.set('event.reason', text);
    applyAction(out, 'system_stopped');
    return 'parsed';
  }
  return undefined;
}

function manager(text: string, out: EventFields): ParseOutcome {
  if (text.startsWith('Startup finished in ')) {
    // User managers write it too; only PID 1's line means that a machine came up.
    if (out.get('process.pid') === 1) applyAction(out, 'system_started');
    return 'parsed';
  }
  return failed(text, out) ?? verb(text, out) ?? unit(text, out) ?? 'partial';
}

export default defineSource({
  name: 'systemd',
  version: 1,
  title: 'systemd',
  recognise: { programs: ['systemd', 'systemd-logind'] },
  parse: (input, out) => {
    const text = head(input.message).trim();
    if (text.startsWith('pam_') || text.startsWith('PAM ')) return 'no';
    out.set('event.provider', input.program === 'systemd-logind' ? 'systemd-logind' : 'systemd');
    out.set('event.dataset', 'systemd');
    if (input.program === 'systemd-logind') return logind(text, out) ?? 'partial';
    return manager(text, out);
  },
});
