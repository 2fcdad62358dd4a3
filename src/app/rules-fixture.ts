/**
 * A rule book over a real control database and folders of a test's own, for tests: what came into force is collected.
 * Held by the tests that use it.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { RuleActor } from '../api/deps.ts';
import { silentLog } from '../base/log.ts';
import { modeOf } from '../detect/rule.ts';
import type { Alert } from '../model/alert.ts';
import { WEAKENED_RULE } from '../model/weakening.ts';
import type { Content } from '../pipeline/content.ts';
import { RuleUsage } from '../pipeline/usage.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import { openControl } from '../store/control/open-control.ts';
import { RuleBook } from './rule-book.ts';
import { RuleHealths } from './rule-health.ts';
import { StoreProfile } from './rule-profile.ts';
import { Rules } from './rules.ts';

const ROOT = join(import.meta.dirname, '../..');
export const rule = (id: string, more = ''): string =>
  `title: Rule ${id}\nid: ${id}\ntaxonomy: ecs\nlogsource: { category: authentication }\nlevel: high\nstatus: stable\n` +
  `detection:\n    s: { event.action: ssh_login, user.name: root }\n    condition: s\n${more}`;

export type Setup = {
  readonly dir: string;
  readonly control: ControlStore;
  readonly clock: { us: number };
  readonly rules: Rules;
  readonly book: RuleBook;
  /** What came into force since. */
  readonly contents: Content[];
  put(path: string, text: string): void;
  open(): Rules;
};

export function setup(t: TestContext, files: Readonly<Record<string, string>> = {}): Setup {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-rulebook-'));
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  mkdirSync(join(dir, 'shipped'), { recursive: true });
  mkdirSync(join(dir, 'rules'), { recursive: true });
  for (const [path, text] of Object.entries(files)) put(path, text);
  const control = openControl(join(dir, 'control.sqlite'));
  const clock = { us: 1_800_000_000_000_000 };
  const open = (): Rules => {
    const r = new Rules({
      shippedDir: join(dir, 'shipped'),
      ownDir: join(dir, 'rules'),
      taxonomyDir: join(ROOT, 'content/taxonomy'),
      cacheFile: join(dir, 'rule-cache.json'),
      version: '1',
      control,
      more: new Map(),
      now: () => clock.us,
      log: silentLog,
    });
    t.after(() => r.close());
    return r;
  };
  const rules = open();
  const contents: Content[] = [rules.load()];
  rules.watch((c) => void contents.push(c));
  const none = async () => ({ rows: [], cut: false });
  const nothing = { seenFields: none, seenKinds: none };
  const book = new RuleBook({
    rules,
    control,
    health: new RuleHealths({
      profile: new StoreProfile(nothing, () => clock.us),
      sourcesDir: join(ROOT, 'content/sources'),
      set: () => rules.set,
      lists: () => rules.lists(),
      stats: () => control.ruleStats(),
      usage: new RuleUsage(),
      problems: () => [],
      now: () => clock.us,
    }),
    problems: () => rules.problems,
    sourcesDir: join(ROOT, 'content/sources'),
    now: () => clock.us,
  });
  t.after(() => {
    control.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return { dir, control, clock, rules, book, contents, put, open };
}

export const by = (s: Setup, who: string, action: string): RuleActor => ({
  who,
  from: '192.0.2.1',
  at: s.clock.us,
  audit: (object, outcome, detail) => ({
    at: s.clock.us,
    who,
    from: '192.0.2.1',
    action,
    object,
    outcome,
    detail: JSON.stringify(detail ?? {}),
  }),
});
export const weakened = async (s: Setup): Promise<Alert[]> =>
  (await s.control.alertPage({ tenant: 'default', sort: 'newest', limit: 50 })).alerts.filter(
    (a) => a.rule === WEAKENED_RULE,
  );
export const modes = (s: Setup): Record<string, string> =>
  Object.fromEntries(s.rules.set.rules.map((r) => [r.id, modeOf(r)]));
export const inForce = (s: Setup): string[] => (s.contents.at(-1)?.rules.rules ?? []).map((r) => r.id);
