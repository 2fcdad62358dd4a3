/**
 * cron, crond, anacron and crontab: `(root) CMD (run-parts ...)` is `cron_command`; installing or removing a crontab is a
 * change of a scheduled task. PAM's session lines belong to the source `pam`.
 */
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource } from '../../../src/normalize/source.ts';
import { head } from '../../../src/normalize/text.ts';

const LINE = /^\(([^()]{1,255})\) ([A-Za-z]+(?: [A-Z]+)?) \((.*)\)$/;

export default defineSource({
  name: 'cron',
  version: 1,
  title: 'cron',
  recognise: { programs: ['cron', 'crond', 'crontab', 'anacron', 'atd', 'cronie'] },
  parse: (input, out) => {
    const text = head(input.message).trim();
    if (text.startsWith('pam_') || text.startsWith('PAM ')) return 'no';
    out.set('event.provider', 'cron');
    out.set('event.dataset', 'cron');
    out.set('service.name', 'cron');
    const m = LINE.exec(text);
    if (m === null) return 'partial';
    const [, user, what, detail = ''] = m;
    // `(CRON) info (...)` is the daemon's own.
    if (user !== 'CRON') out.set('user.name', user);
    if (what === 'CMD' || what === 'CMDEND') {
      out.set('process.command_line', detail.trim());
      if (what === 'CMD') applyAction(out, 'cron_command');
      return 'parsed';
    }
    out.set('event.reason', what);
    if (what === 'REPLACE' || what === 'RELOAD' || what === 'END EDIT') {
      out.set('cron.table', detail);
      if (what === 'REPLACE') applyAction(out, 'scheduled_task_changed', 'success');
    } else if (what === 'DELETE') {
      out.set('cron.table', detail);
      applyAction(out, 'scheduled_task_deleted', 'success');
    } else if (what === 'AUTH') applyAction(out, 'scheduled_task_changed', 'failure');
    else out.set('cron.detail', detail);
    return 'parsed';
  },
});
