/**
 * su in its dialects: util-linux `(to root) bob on pts/1`, shadow `Successful su for root by bob` (whose companion line
 * `+ /dev/pts/1 bob:root` is a detail), BSD `bob to root on /dev/ttyp1`. One `su_session` per change of user.
 */
import type { EventFields } from '../../../src/model/event.ts';
import { applyAction } from '../../../src/model/vocabulary.ts';
import { defineSource, type ParseOutcome } from '../../../src/normalize/source.ts';
import { head } from '../../../src/normalize/text.ts';

type Shape = { readonly re: RegExp; readonly outcome: 'success' | 'failure' | '' };
const SHAPES: readonly Shape[] = [
  { re: /^\(to (?<to>[^)]{1,255})\) (?<by>\S+) on (?<tty>\S+)$/, outcome: 'success' },
  { re: /^FAILED SU \(to (?<to>[^)]{1,255})\) (?<by>\S+) on (?<tty>\S+)$/, outcome: 'failure' },
  { re: /^Successful su for (?<to>\S+) by (?<by>\S+)$/, outcome: 'success' },
  { re: /^FAILED su for (?<to>\S+) by (?<by>\S+)$/, outcome: 'failure' },
  { re: /^[+-] (?<tty>\S+) (?<by>[^\s:]+):(?<to>\S+)$/, outcome: '' },
  { re: /^BAD SU (?<by>\S+) to (?<to>\S+) on (?<tty>\S+)$/, outcome: 'failure' },
  { re: /^failed: (?<tty>\S+) changing from (?<by>\S+) to (?<to>\S+)$/, outcome: 'failure' },
  { re: /^(?<by>\S+) to (?<to>\S+) on (?<tty>\S+)$/, outcome: 'success' },
];

function shaped(text: string, out: EventFields): ParseOutcome {
  for (const s of SHAPES) {
    const g = s.re.exec(text)?.groups;
    if (g === undefined) continue;
    out.set('user.name', g['by']);
    out.set('user.effective.name', g['to']);
    if (g['tty'] !== undefined) out.set('su.tty', g['tty']);
    if (s.outcome === '') applyAction(out, 'auth_detail');
    else applyAction(out, 'su_session', s.outcome);
    return 'parsed';
  }
  return 'partial';
}

export default defineSource({
  name: 'su',
  version: 1,
  title: 'su',
  recognise: { programs: ['su', 'su-l'] },
  parse: (input, out) => {
    const text = head(input.message).trim();
    if (text.startsWith('pam_') || text.startsWith('PAM ')) return 'no';
    out.set('event.provider', 'su');
    out.set('event.dataset', 'su');
    out.set('service.name', 'su');
    return shaped(text, out);
  },
});
