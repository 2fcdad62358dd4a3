/**
 * What people ask of rules and do to them, for API and command line: one place, so that both check, audit and reload alike.
 * Every change goes through the control database with its audit; the reload that it causes is put down to its actor.
 * Held by `rules.int.test.ts`.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RuleDetail, RuleException, RuleInfo, RuleList, RuleMode } from '../api/contract.ts';
import type { ApiRules, ExceptionInput, RuleActor, RuleOutcome } from '../api/deps.ts';
import { countedBy } from '../detect/needs.ts';
import { makeRuleSet, modeOf, type Rule, type RuleProblem, type RuleSet } from '../detect/rule.ts';
import { type NormalizeLine, runTestFile } from '../detect/rule-tests.ts';
import { TEST_RECORD } from '../model/record.ts';
import { makeNormalizer } from '../normalize/normalize.ts';
import { loadSources } from '../normalize/registry.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import type { Exception } from '../store/control/tables/exceptions.ts';
import { coverageOf } from './rule-coverage.ts';
import { exceptionYaml } from './rule-exceptions.ts';
import type { RuleHealths } from './rule-health.ts';
import { originOf, proposalFor } from './rule-modes.ts';
import { infoOf, problemsByFile, rowOf, type RuleFacts, ruleList } from './rule-views.ts';
import { type Cause, exceptionPath, OWN_PREFIX, type Rules } from './rules.ts';

/** An exception lasts at most so long: microseconds, 366 days. */
export const EXCEPTION_US_MAX = 366 * 86_400e6;
export const EXCEPTIONS_MAX = 2000;
/** Characters of one exception, and of all in force together: every one is read again when any of them changes. */
export const EXCEPTION_CHARS_MAX = 128 * 1024;
export const EXCEPTIONS_CHARS_MAX = 1024 * 1024;
/** Rules named in the audit of an acceptance; the count is exact. */
const NAMED_MAX = 50;
/** Events that a test run from the console may make. */
const TEST_EVENTS_MAX = 5000;

export type RuleBookDeps = {
  readonly rules: Rules;
  readonly control: ControlStore;
  readonly health: RuleHealths;
  readonly problems: () => RuleFacts['problems'];
  readonly sourcesDir: string;
  readonly now: () => number;
};

const refused = (reason: string): { kind: 'refused'; reason: string } => ({ kind: 'refused', reason });
const UNKNOWN = { kind: 'unknown' } as const;
const DONE = { kind: 'done', value: true } as const;
const causeOf = (by: RuleActor, source: string): Cause => ({ who: by.who, from: by.from, source });

export class RuleBook implements ApiRules {
  readonly #d: RuleBookDeps;
  #normalize: Promise<NormalizeLine> | undefined;

  constructor(deps: RuleBookDeps) {
    this.#d = deps;
  }

  async #facts(): Promise<RuleFacts> {
    return { ...this.#quickFacts(), health: await this.#d.health.report() };
  }
  #quickFacts(): RuleFacts {
    const { rules, control } = this.#d;
    const exceptions = new Map<string, number>();
    for (const e of control.exceptionFacts(this.#d.now()))
      for (const id of e.rules) exceptions.set(id, (exceptions.get(id) ?? 0) + 1);
    return {
      set: rules.set,
      problems: this.#d.problems(),
      stats: control.ruleStats(),
      settings: control.ruleModes(),
      health: { from: 0, to: 0, trouble: '', rules: new Map() },
      exceptions,
    };
  }

  /** Files that do not load, and rules that load and could not be compiled. */
  get problems(): readonly RuleProblem[] {
    return this.#d.problems();
  }

  async list(): Promise<RuleList> {
    return ruleList(await this.#facts());
  }

  info(id: string): RuleInfo | undefined {
    const rule = this.#d.rules.rule(id);
    if (rule === undefined) return undefined;
    return infoOf(rule, rowOf(rule, this.#quickFacts(), new Map()));
  }

  async detail(id: string): Promise<RuleDetail | undefined> {
    const { rules, control } = this.#d;
    const rule = this.#shown(id);
    if (rule === undefined) return undefined;
    const f = await this.#facts();
    const h = f.health.rules.get(id);
    const set = control.ruleModes().get(id);
    const now = this.#d.now();
    const { inForce, over } = control.exceptions(now);
    return {
      rule: infoOf(rule, rowOf(rule, f, problemsByFile(f.problems))),
      modeBy: set?.by ?? this.#modeSource(rule),
      modeReason: set?.reason ?? '',
      modeAt: set?.at ?? 0,
      sources: h?.sources ?? [],
      fields: h?.fields ?? [],
      lists: h?.lists ?? [],
      counts: countedBy(rule).flatMap((c) => {
        const part = rules.rule(c);
        return part === undefined || part.partOf !== undefined ? [] : [{ id: part.id, title: part.title }];
      }),
      evaluated: h?.evaluated ?? 0,
      versions: control.ruleVersions(id),
      rolledBack: control.rollbacks().get(id)?.n ?? 0,
      exceptions: [...inForce, ...over].filter((e) => e.rules.includes(id)),
      hasTests: existsSync(this.#testFile(rule)),
    };
  }

  /** Without a person's word the file's holds, where it has one. */
  #modeSource(rule: Rule): string {
    const written = this.#d.rules.parse(rule.id, rule.file, rule.yaml);
    return typeof written !== 'string' && written.mode !== undefined ? 'file' : originOf(rule);
  }

  #shown(id: string): Rule | undefined {
    const rule = this.#d.rules.rule(id);
    return rule?.partOf === undefined ? rule : undefined;
  }

  version(id: string, n: number) {
    return this.#d.control.ruleVersion(id, n);
  }

  exceptions(): RuleException[] {
    const { inForce, over } = this.#d.control.exceptions(this.#d.now());
    return [...inForce, ...over];
  }

  async coverage() {
    return coverageOf((await this.list()).rules);
  }

  #testFile(rule: Rule): string {
    const { rules } = this.#d;
    const own = rule.file.startsWith(OWN_PREFIX);
    const path = own
      ? join(rules.ownDir, rule.file.slice(OWN_PREFIX.length))
      : join(rules.shippedDir, rule.file);
    return path.replace(/\.ya?ml$/, '.test.yml');
  }

  async tests(id: string) {
    const rule = this.#shown(id);
    if (rule === undefined) return undefined;
    const path = this.#testFile(rule);
    if (!existsSync(path)) return [];
    this.#normalize ??= lineNormalizer(this.#d.sourcesDir);
    const results = runTestFile({
      path,
      ruleFile: rule.file,
      set: this.#around(rule),
      normalize: await this.#normalize,
      eventsMax: TEST_EVENTS_MAX,
    });
    return results
      .filter((r) => r.rule === id || r.rule === '')
      .map((r) => ({ name: r.test, ok: r.ok, reason: r.reason }));
  }

  /** The rules of the file, and those that they count. */
  #around(rule: Rule): RuleSet {
    const all = new Map(this.#d.rules.set.rules.map((r) => [r.id, r]));
    const mine = new Map<string, Rule>();
    const add = (r: Rule | undefined): void => {
      if (r === undefined || mine.has(r.id)) return;
      mine.set(r.id, r);
      for (const id of countedBy(r)) add(all.get(id));
    };
    for (const r of all.values()) if (r.file === rule.file) add(r);
    return makeRuleSet([...mine.values()]);
  }

  // ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────

  async setMode(
    id: string,
    set: { readonly mode: RuleMode; readonly reason: string },
    by: RuleActor,
  ): Promise<RuleOutcome<true>> {
    const rule = this.#shown(id);
    if (rule === undefined) return UNKNOWN;
    if (set.mode === 'alerting' && rule.level === 'informational' && rule.alerts)
      return refused('an informational rule never opens alerts: raise the level in its file first');
    const before = modeOf(rule);
    const entry = by.audit(id, 'ok', {
      title: rule.title,
      level: rule.level,
      before,
      after: set.mode,
      reason: set.reason,
    });
    await this.#d.rules.causedBy(causeOf(by, 'file'), () =>
      this.#d.control.setRuleModes(
        [{ rule: id, mode: set.mode, reason: set.reason, by: by.who, at: by.at }],
        entry,
      ),
    );
    this.#d.health.forget();
    return DONE;
  }

  async accept(ids: readonly string[] | undefined, by: RuleActor): Promise<RuleOutcome<number>> {
    const { rules, control } = this.#d;
    const settings = control.ruleModes();
    const wanted = ids === undefined ? undefined : new Set(ids);
    const sets = rules.set.rules.flatMap((r) => {
      const mode = proposalFor(r, settings);
      if (mode === '' || r.partOf !== undefined || wanted?.has(r.id) === false) return [];
      return [{ rule: r.id, mode, reason: 'as proposed', by: by.who, at: by.at }];
    });
    if (sets.length === 0) return refused('nothing is proposed for these rules');
    const entry = by.audit(ids === undefined ? 'all' : 'some', 'ok', {
      count: sets.length,
      alerting: sets.filter((s) => s.mode === 'alerting').length,
      risk: sets.filter((s) => s.mode === 'risk').length,
      rules: sets.slice(0, NAMED_MAX).map((s) => s.rule),
    });
    await rules.causedBy(causeOf(by, 'file'), () => control.setRuleModes(sets, entry));
    this.#d.health.forget();
    return { kind: 'done', value: sets.length };
  }

  async rollback(
    id: string,
    to: { readonly version: number; readonly reason: string },
    by: RuleActor,
  ): Promise<RuleOutcome<true>> {
    const { rules, control } = this.#d;
    const rule = this.#shown(id);
    const target = control.ruleVersion(id, to.version);
    if (rule === undefined || target === undefined) return UNKNOWN;
    if (target.version === rule.version) return refused(`version ${to.version} is what is in force`);
    const parsed = rules.parse(id, rule.file, target.yaml);
    if (typeof parsed === 'string') return refused(`version ${to.version} no longer loads: ${parsed}`);
    // What the file says now, whether it is in force or was rolled back from before.
    const away = control.rollbacks().get(id)?.away ?? rule.version;
    const entry = by.audit(id, 'ok', {
      title: rule.title,
      level: rule.level,
      from: control.ruleVersions(id).find((v) => v.until === 0)?.n ?? 0,
      to: to.version,
      reason: to.reason,
    });
    const source = `rolled back to version ${to.version}`;
    await rules.causedBy(causeOf(by, source), () =>
      control.setRollback({ rule: id, away, n: to.version, yaml: target.yaml, by: by.who, at: by.at }, entry),
    );
    this.#d.health.forget();
    return DONE;
  }

  async except(id: string, input: ExceptionInput, by: RuleActor): Promise<RuleOutcome<RuleException>> {
    const { rules, control } = this.#d;
    const rule = this.#shown(id);
    if (rule === undefined) return UNKNOWN;
    if (rule.kind !== 'rule') {
      const named = countedBy(rule).map((c) => `"${rules.rule(c)?.title ?? c}"`);
      return refused(`it counts other rules: make the exception at ${named.join(', ')}`);
    }
    if (input.expiresAt <= by.at) return refused('the end lies in the past');
    if (input.expiresAt > by.at + EXCEPTION_US_MAX)
      return refused('an exception ends within a year: it can be made again then');
    const exceptionId = randomUUID();
    const yaml = exceptionYaml(rule, { id: exceptionId, title: input.title, where: input.where });
    const full = this.#full(yaml.length, by.at);
    if (full !== undefined) return refused(full);
    const problem = rules.try({ path: exceptionPath(exceptionId), text: yaml })[0];
    if (problem !== undefined) return refused(problem.reason);
    const made: Exception = {
      id: exceptionId,
      title: input.title,
      rules: [id],
      yaml,
      owner: input.owner,
      reason: input.reason,
      createdBy: by.who,
      createdAt: by.at,
      expiresAt: input.expiresAt,
      endedAt: 0,
      endedBy: '',
    };
    const entry = by.audit(exceptionId, 'ok', {
      title: input.title,
      rules: [rule.title],
      level: rule.level,
      where: input.where,
      owner: input.owner,
      reason: input.reason,
      expiresAt: input.expiresAt,
    });
    await rules.causedBy(causeOf(by, 'file'), () => control.createException(made, entry));
    this.#d.health.forget();
    return { kind: 'done', value: made };
  }

  /** Why there is no room for another exception of so many characters. */
  #full(chars: number, at: number): string | undefined {
    const inForce = this.#d.control.exceptionFacts(at);
    if (inForce.length >= EXCEPTIONS_MAX) return `at most ${EXCEPTIONS_MAX} exceptions are in force`;
    if (chars > EXCEPTION_CHARS_MAX)
      return `an exception holds at most ${EXCEPTION_CHARS_MAX} characters: use fewer values, or a filter file`;
    if (inForce.reduce((n, e) => n + e.chars, chars) > EXCEPTIONS_CHARS_MAX)
      return `the exceptions in force hold at most ${EXCEPTIONS_CHARS_MAX} characters together: end one, or write a filter file`;
    return undefined;
  }

  async endException(id: string, by: RuleActor): Promise<RuleOutcome<true>> {
    const done = await this.#d.rules.causedBy(causeOf(by, 'file'), () =>
      this.#d.control.endException(id, { at: by.at, by: by.who }, by.audit(id, 'ok')),
    );
    this.#d.health.forget();
    return done ? DONE : UNKNOWN;
  }
}

/** Raw lines of rule tests, read as any door's. */
export async function lineNormalizer(sourcesDir: string): Promise<NormalizeLine> {
  const normalize = makeNormalizer(await loadSources(sourcesDir), { hostZone: 'UTC', hostName: hostname() });
  return (line, at) => normalize(Buffer.from(line), TEST_RECORD, at);
}
