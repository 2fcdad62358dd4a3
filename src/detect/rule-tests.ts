/**
 * Tests of rules: a `<rule>.test.yml` beside `<rule>.yml` says which events meet the rule and which narrowly do not.
 *
 *     rule: brute_force            # id or name; the file's first document where absent
 *     lists: { monitored_domains: { kind: domain, values: [example.com] } }
 *     tests:
 *       - name: the eleventh failure   # `rule:` may stand here too
 *         expect: match            # or none
 *         events:
 *           - { repeat: 11, every: 20s, fields: { event.action: ssh_login, host.name: 'web{i}' } }
 *           - { after: 1m, raw: 'Mar  5 14:23:01 server sshd[1234]: Failed password for root from 10.0.1.5' }
 *           - { wait: 84d }        # time passes, with a tick every hour: for what only time brings about
 *
 * Where a test has no `wait`, a long time passes after its last event; where it has one, the test ends with its events, so
 * that what has not happened yet can be expected not to (a heartbeat that goes on).
 *
 * Time starts at a fixed instant; `after` moves it on before the first, `every` between repetitions; `{i}` counts them
 * from 1. A date field may be said from there: `x509.not_after: +90d`. Raw lines need a normalizer, which the caller gives. Held by `test/rules.int.test.ts`, which runs all of ours.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../base/result.ts';
import { LIST_KINDS, type Lists, type NamedList } from '../condition/tree.ts';
import { EventFields, type FieldValue, type NormalizedEvent } from '../model/event.ts';
import type { MatchedEvent } from '../model/match.ts';
import { hotField } from '../model/catalogue.ts';
import { applyAction, ACTIONS, type Outcome } from '../model/vocabulary.ts';
import { weightOf } from './attempts.ts';
import { Correlator, type Hit } from './correlate.ts';
import { readRuleFiles, rulesFromFiles } from './load.ts';
import { Memory } from './memory/memory.ts';
import type { MemoryHit } from './memory/runtime.ts';
import { type CompiledRules, compileRules } from './matcher.ts';
import type { Rule, RuleProblem, RuleSet } from './rule.ts';
import { child, readYaml, textOf, textsOf, type Yaml } from './sigma/yaml.ts';
import type { Taxonomy } from './taxonomy.ts';

/** Raw line and receive time (microseconds) -> event. */
export type NormalizeLine = (line: string, ingestedUs: number) => NormalizedEvent;
export type RuleTestResult = {
  readonly file: string;
  readonly rule: string;
  readonly test: string;
  readonly ok: boolean;
  /** Why it failed, or why it was skipped (`ok` then). */
  readonly reason: string;
};
export type RuleTestReport = {
  readonly results: readonly RuleTestResult[];
  readonly problems: readonly RuleProblem[];
  /** Rule files without a test. */
  readonly untested: readonly string[];
};

/** 2026-03-05 14:00 UTC, microseconds. */
const START = Date.UTC(2026, 2, 5, 14) * 1000;
const EVENTS_MAX = 100_000;

/** Runs every `*.test.yml` below `dir` against all rules of `dir`. */
export function runRuleTests(dir: string, taxonomy: Taxonomy, normalize?: NormalizeLine): RuleTestReport {
  const problems: RuleProblem[] = [];
  const files = readRuleFiles(dir, problems);
  const loaded = rulesFromFiles(files, { taxonomy });
  problems.push(...loaded.problems);
  const results: RuleTestResult[] = [];
  const untested: string[] = [];
  for (const f of files) {
    const path = join(dir, f.path).replace(/\.ya?ml$/, '.test.yml');
    if (!existsSync(path)) untested.push(f.path);
    else results.push(...runTestFile({ path, ruleFile: f.path, set: loaded.set, normalize }));
  }
  return { results, problems, untested };
}

const XML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** Characters that XML 1.0 does not have become U+FFFD. */
const xml = (s: string): string =>
  s
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (c) => XML[c] ?? c);

/** The report as JUnit XML, as CI systems read it: a suite per test file; a rule file that does not load is an error. */
export function junitText(report: RuleTestReport): string {
  const suites = Map.groupBy(report.results, (r) => r.file);
  const failed = report.results.filter((r) => !r.ok).length;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${report.results.length + report.problems.length}" failures="${failed}" errors="${report.problems.length}">`,
  ];
  for (const [file, results] of suites) {
    const bad = results.filter((r) => !r.ok).length;
    lines.push(`  <testsuite name="${xml(file)}" tests="${results.length}" failures="${bad}" errors="0">`);
    for (const r of results) lines.push(caseXml(r));
    lines.push('  </testsuite>');
  }
  if (report.problems.length > 0) {
    const n = report.problems.length;
    lines.push(`  <testsuite name="loading" tests="${n}" failures="0" errors="${n}">`);
    for (const p of report.problems)
      lines.push(
        `    <testcase classname="${xml(p.file)}" name="loads"><error message="${xml(`line ${p.line}: ${p.reason}`)}"/></testcase>`,
      );
    lines.push('  </testsuite>');
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`;
}

function caseXml(r: RuleTestResult): string {
  const head = `    <testcase classname="${xml(r.file)}" name="${xml(r.test)}"`;
  if (!r.ok) return `${head}><failure message="${xml(r.reason)}"/></testcase>`;
  return r.reason === '' ? `${head}/>` : `${head}><skipped message="${xml(r.reason)}"/></testcase>`;
}

export type TestFile = {
  /** The test file on disk, and the rule file beside it as the set names it. */
  readonly path: string;
  readonly ruleFile: string;
  readonly set: RuleSet;
  readonly normalize: NormalizeLine | undefined;
  /** Events that one test may make; EVENTS_MAX where absent. */
  readonly eventsMax?: number;
};

/** Runs the tests of one file against the rules of a set. */
export function runTestFile(f: TestFile): RuleTestResult[] {
  const { path, ruleFile, set, normalize } = f;
  const { documents, problems } = readYaml(readFileSync(path, 'utf8'));
  const file = ruleFile.replace(/\.ya?ml$/, '.test.yml');
  const fail = (reason: string): RuleTestResult[] => [{ file, rule: '', test: '', ok: false, reason }];
  const root = documents[0]?.root;
  if (root === undefined || problems.length > 0) return fail(problems[0]?.reason ?? 'the file is empty');
  const find = (named: string): Rule | undefined =>
    set.rules
      .filter((r) => (named === '' ? r.file === ruleFile : r.id === named || r.name === named))
      .sort((a, b) => a.line - b.line)[0];
  const tests = child(root, 'tests');
  if (tests?.kind !== 'seq' || tests.items.length === 0) return fail("'tests' is an empty list");
  const lists = listsOf(root);
  const compiled = compileRules(set, lists);
  return tests.items.map((t) => {
    const named = textOf(t, 'rule') || textOf(root, 'rule');
    const rule = find(named);
    const base = { file, rule: rule?.id ?? named, test: textOf(t, 'name') };
    if (rule === undefined) return { ...base, ok: false, reason: `there is no rule '${named}' in force` };
    try {
      const events = eventsOf(t, normalize, f.eventsMax ?? EVENTS_MAX);
      if (events === undefined) return { ...base, ok: true, reason: 'skipped: needs a normalizer' };
      const refused = compiled.problems.find((p) => p.file === rule.file);
      if (refused !== undefined) return { ...base, ok: false, reason: refused.reason };
      const met = meets({ set, lists }, compiled, rule.id, events);
      const want = textOf(t, 'expect');
      if (want !== 'match' && want !== 'none')
        return { ...base, ok: false, reason: "'expect' is match or none" };
      const ok = met === (want === 'match');
      return { ...base, ok, reason: ok ? '' : met ? 'it matched' : 'it did not match' };
    } catch (e) {
      return { ...base, ok: false, reason: errorText(e) };
    }
  });
}

/** An event, or time that has passed. */
type Timed = { readonly event: NormalizedEvent | undefined; readonly at: number };
const HOUR_US = 3600e6;
/** Passed in one `wait`. */
const WAIT_MAX_US = 800 * 86_400e6;

function meets(
  { set, lists }: { readonly set: RuleSet; readonly lists: Lists },
  compiled: CompiledRules,
  id: string,
  events: readonly Timed[],
): boolean {
  const correlator = new Correlator(set);
  const memory = new Memory(set, lists);
  let met = false;
  let now = START;
  const hits: Hit[] = [];
  const remembered: MemoryHit[] = [];
  const told = (): void => {
    for (const h of remembered.splice(0)) {
      met ||= h.rule.id === id;
      correlator.feed(h.rule.id, h.trigger, 1, hits);
    }
  };
  memory.tick(now, remembered);
  for (const [ord, { event, at }] of events.entries()) {
    for (; event === undefined && now < at; now += Math.min(HOUR_US, at - now)) memory.tick(now, remembered);
    now = at;
    if (event === undefined) {
      memory.tick(now, remembered);
      told();
      correlator.tick(now, hits);
      continue;
    }
    correlator.tick(at - 1, hits);
    const rules = compiled.match(event);
    if (rules.includes(id)) met = true;
    const m: MatchedEvent = {
      id: { node: 1, batch: 1, ord },
      tenant: 'default',
      origin: 'live',
      door: 'test',
      sender: 'test',
      source: event.source,
      ts: event.ts,
      ingested: at,
      rules,
      fields: [...event.fields.entries()],
      entities: event.entities,
    };
    for (const r of rules) correlator.feed(r, m, weightOf(m), hits);
    memory.saw(m);
    if (memory.concerns(m)) memory.apply(m, weightOf(m), remembered);
    memory.tick(at, remembered);
    told();
  }
  correlator.tick(events.some((e) => e.event === undefined) ? now : START + 400 * 86_400e6, hits);
  return met || hits.some((h) => h.rule.id === id);
}

function listsOf(root: Yaml): Lists {
  const out = new Map<string, NamedList>();
  const lists = child(root, 'lists');
  if (lists?.kind === 'map')
    for (const [name, v] of lists.entries) {
      const kind = textOf(v, 'kind');
      const known = LIST_KINDS.find((k) => k === kind);
      if (known !== undefined) out.set(name, { kind: known, values: textsOf(v, 'values') });
    }
  return out;
}

function eventsOf(test: Yaml, normalize: NormalizeLine | undefined, eventsMax: number): Timed[] | undefined {
  const list = child(test, 'events');
  if (list?.kind !== 'seq') throw new Error("'events' is not a list");
  const out: Timed[] = [];
  let now = START;
  for (const item of list.items) {
    const wait = textOf(item, 'wait');
    if (wait !== '') {
      now += Math.min(WAIT_MAX_US, micros(wait));
      out.push({ event: undefined, at: now });
      continue;
    }
    now += micros(textOf(item, 'after') || '0s');
    const repeat = Number(textOf(item, 'repeat') || 1);
    const every = micros(textOf(item, 'every') || '1s');
    if (!(repeat >= 1) || out.length + repeat > eventsMax)
      throw new Error(`'repeat' is out of bounds: at most ${eventsMax} events`);
    for (let i = 1; i <= repeat; i++) {
      const made = eventOf(item, i, now, normalize);
      if (made === undefined) return undefined;
      out.push({ event: made, at: now });
      now += every;
    }
  }
  return out;
}

function micros(text: string): number {
  const m = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const unit = { ms: 1e3, s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6 }[m?.[2] ?? ''];
  if (m === null || unit === undefined) throw new Error(`'${text}' is not like 500ms, 20s, 5m, 1h`);
  return Number(m[1]) * unit;
}

function eventOf(
  item: Yaml,
  i: number,
  now: number,
  normalize: NormalizeLine | undefined,
): NormalizedEvent | undefined {
  const counted = (s: string): string => s.replaceAll('{i}', String(i));
  const raw = textOf(item, 'raw');
  // The clock of the test is the receive time; the line's own stamp is the event's.
  if (raw !== '') return normalize?.(counted(raw), now);
  const given = child(item, 'fields');
  if (given?.kind !== 'map') throw new Error("an event has 'fields' or 'raw'");
  const fields = new EventFields();
  const action = textOf(given, 'event.action');
  if (ACTIONS.has(action)) {
    const outcome = textOf(given, 'event.outcome');
    applyAction(fields, action, outcome === '' ? undefined : (outcome as Outcome));
  }
  for (const [name, v] of given.entries) {
    const value = dated(name, fieldValue(v, counted), now);
    if (name.startsWith('vigil.')) fields.setOurs(name, value);
    else fields.set(name, value);
  }
  return {
    fields,
    rawText: textOf(given, 'message'),
    raw: new Uint8Array(),
    ts: now,
    status: 'parsed',
    source: fields.text('vigil.source') ?? 'test',
    parser: 'test@1',
    entities: [],
  };
}

/** `+90d` in a date field is ninety days from now. */
function dated(name: string, value: FieldValue, now: number): FieldValue {
  if (typeof value !== 'string' || hotField(name)?.type !== 'date' || !/^[+-]\d/.test(value)) return value;
  return now + (value.startsWith('-') ? -1 : 1) * micros(value.slice(1));
}

function fieldValue(y: Yaml, counted: (s: string) => string): FieldValue {
  const one = (x: Yaml): string | number | boolean | null =>
    x.kind !== 'scalar' ? null : typeof x.value === 'string' ? counted(x.value) : x.value;
  return y.kind === 'seq' ? y.items.map(one) : one(y);
}
