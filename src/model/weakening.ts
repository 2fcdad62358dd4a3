/**
 * Which changes weaken detection (security contract 16). Every audit action of a change is in this one table, as harmless
 * or with what it says of the weakening; whatever writes the audit raises the built-in alert in the same transaction
 * (`store/control/record.ts`), so no door to the change can forget it.
 *
 * Held by `src/api/weakening.int.test.ts`: a mutating route whose action is not here fails it.
 */
import type { Severity } from './alert.ts';

/** The rule id of built-in alerts about weakened detection. No file can have it: it is refused as reserved. */
export const WEAKENED_RULE = 'vigil.detection_weakened';
export const WEAKENED_TITLE = 'Detection was weakened';

export type Weakening = {
  /** What was done, to be read after who did it: `set the list x: 2 members added`. */
  readonly what: string;
  readonly severity: Severity;
};
type Detail = Readonly<Record<string, unknown>>;
type Judge = (object: string, d: Detail) => Weakening | undefined;

const never: Judge = () => undefined;
const ROLE_RANK = ['viewer', 'analyst', 'admin'];
const MODE_RANK = ['off', 'shadow', 'risk', 'alerting'];
const text = (v: unknown): string => (typeof v === 'string' ? v : '');
const count = (v: unknown): number => (typeof v === 'number' ? v : 0);
/** Objects and titles are outside text: short, and in quotes. */
const named = (s: string): string => `"${s.length > 80 ? `${s.slice(0, 80)}…` : s}"`;
/** Names told one by one. */
const NAMED_MAX = 5;
/** `total`: how many there are, where `v` names only some. */
const some = (v: unknown, total?: unknown): string => {
  const all = Array.isArray(v) ? v.map((x) => named(String(x))) : [];
  const told = all.slice(0, NAMED_MAX);
  const more = Math.max(all.length, count(total)) - told.length;
  return more <= 0 ? told.join(', ') : `${told.join(', ')} and ${more} more`;
};
const severityOf = (v: unknown): Severity => (v === 'critical' || v === 'high' ? 'high' : 'medium');

const ACTIONS: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  // People and sessions
  ['login', never],
  ['logout', never],
  ['password.change', never],
  ['user.delete', never],
  [
    'user.create',
    (name, d) =>
      text(d['role']) === 'viewer' || d['role'] === undefined
        ? undefined
        : { what: `made the user ${named(name)} with the role ${text(d['role'])}`, severity: 'medium' },
  ],
  [
    'user.role',
    (name, d) =>
      ROLE_RANK.indexOf(text(d['after'])) > ROLE_RANK.indexOf(text(d['before']))
        ? { what: `gave the user ${named(name)} the role ${text(d['after'])}`, severity: 'medium' }
        : undefined,
  ],
  [
    'user.password',
    (name) => ({
      what: `set the password of the user ${named(name)}, who can be impersonated with it`,
      severity: 'medium',
    }),
  ],
  [
    'token.create',
    (_, d) =>
      d['scope'] === 'admin'
        ? { what: `made the token ${named(text(d['name']))} with the scope admin`, severity: 'medium' }
        : undefined,
  ],
  [
    'token.revoke',
    (id, d) => ({
      what: `revoked the token ${named(text(d['name']) || id)}: what was sent with it no longer arrives`,
      severity: 'medium',
    }),
  ],
  // Data
  ['search', never],
  ['import', never],
  ['ingest', never],
  ['demo.remove', never],
  // Alerts
  ['alert.status', never],
  ['alert.assignee', never],
  ['alert.note', never],
  // Detection
  [
    'list.set',
    (name, d) => ({
      what: `changed the list ${named(name)}: ${count(d['addedCount'])} members added, ${count(d['removedCount'])} removed`,
      severity: 'medium',
    }),
  ],
  [
    'rule.mode',
    (id, d) =>
      MODE_RANK.indexOf(text(d['after'])) < MODE_RANK.indexOf(text(d['before']))
        ? {
            what: `set the rule ${named(text(d['title']) || id)} from ${text(d['before'])} to ${text(d['after'])}`,
            severity: severityOf(d['level']),
          }
        : undefined,
  ],
  ['rule.accept', never],
  [
    'rule.rollback',
    (id, d) => ({
      what: `rolled the rule ${named(text(d['title']) || id)} back to version ${String(d['to'])}`,
      severity: severityOf(d['level']),
    }),
  ],
  [
    'rule.exception',
    (_, d) => ({
      what: `made the exception ${named(text(d['title']))} to ${some(d['rules'])}`,
      severity: severityOf(d['level']),
    }),
  ],
  ['rule.exception.end', never],
  ['rule.import', never],
  ['rule.test', never],
  ['rule.backtest', never],
  [
    'rules.changed',
    (_, d) => {
      const parts = [
        ...(count(d['editedCount']) > 0 ? [`edited the rules ${some(d['edited'], d['editedCount'])}`] : []),
        ...(count(d['removedCount']) > 0
          ? [`removed the rules ${some(d['removed'], d['removedCount'])}`]
          : []),
        ...(count(d['filtersCount']) > 0
          ? [`added the exceptions ${some(d['filters'], d['filtersCount'])}`]
          : []),
      ];
      return parts.length === 0 ? undefined : { what: parts.join('; '), severity: 'medium' };
    },
  ],
  [
    'config.changed',
    (_, d) =>
      Array.isArray(d['weaker'])
        ? { what: `changed settings: ${d['weaker'].map(String).join('; ')}`, severity: 'high' }
        : undefined,
  ],
]);

/** Whether the table knows the action of a change. */
export const isClassified = (action: string): boolean => ACTIONS.has(action);

/** What a change, as its audit entry tells it, takes from detection; undefined where nothing. Vigil itself weakens nothing. */
export function weakeningOf(a: {
  readonly who: string;
  readonly action: string;
  readonly object: string;
  readonly outcome: string;
  readonly detail: string;
}): Weakening | undefined {
  if (a.outcome !== 'ok' || a.who === 'vigil') return undefined;
  const judge = ACTIONS.get(a.action);
  if (judge === undefined || judge === never) return undefined;
  let detail: unknown;
  try {
    detail = JSON.parse(a.detail);
  } catch {
    detail = {};
  }
  return judge(a.object, typeof detail === 'object' && detail !== null ? (detail as Detail) : {});
}
