/**
 * A third opinion: the same rules and events through rsigma and through pySigma's SQLite back end. Every verdict in which
 * one of them differs from ours must stand in `third-opinion-known.yml` with the sentence of the Sigma specification that
 * decides it, else this fails; so does an entry that no longer holds.
 *
 * Asked are: the corpus' regression events against all rules of their log source (several hundred each), and the
 * conformance suite (`test/conformance`). Both peers are installed by `bench/peers/install.ts`; one that is not there is
 * skipped by name, as are the corpora. Ours sees the real events through the real normaliser.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import {
  askPeer,
  findPeer,
  type Peer,
  type PeerAnswer,
  type PeerCase,
  PEERS,
} from '../../bench/peers/peers.ts';
import { loadRules } from '../../src/detect/load.ts';
import { compileRules } from '../../src/detect/matcher.ts';
import type { BaseRule, RuleSet } from '../../src/detect/rule.ts';
import { readTaxonomy } from '../../src/detect/taxonomy.ts';
import { GOLDEN_INGESTED, GOLDEN_META } from '../../src/normalize/golden.ts';
import { makeNormalizer } from '../../src/normalize/normalize.ts';
import { loadSources } from '../../src/normalize/registry.ts';
import { ROOT } from '../support/vigil.ts';
import { conformanceQuestions, differences } from './third-opinion-conformance.ts';

const SIGMA = join(process.env['VIGIL_CORPORA'] ?? join(ROOT, '../shared/corpora'), 'sigma');
const noCorpus = existsSync(join(SIGMA, 'regression-dev.jsonl'))
  ? false
  : `no Sigma corpus at ${SIGMA} (set VIGIL_CORPORA)`;
const RULE_DIRS = ['rules', 'rules-emerging-threats', 'rules-threat-hunting', 'rules-compliance'];
const ANSWER_MS_MAX = 240_000;

type Verdict = 'fires' | 'silent';
/** Disagreements that are understood, for one reason. */
type Known = {
  readonly peer: string;
  /** Rule ids, or names of conformance cases; a star stands for any characters. */
  readonly cases: readonly string[];
  /** The sentence that decides. */
  readonly says: string;
  /** Where it stands. */
  readonly where: string;
  /** Who is right by it. */
  readonly right: 'ours' | 'theirs' | 'unclear';
  readonly note?: string;
};
const known = (parse(readFileSync(join(import.meta.dirname, 'third-opinion-known.yml'), 'utf8')) ??
  []) as Known[];
const fits = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.replace(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '.*')}$`).test(name);

type Disagreement = {
  readonly peer: string;
  readonly rule: string;
  readonly ours: Verdict;
  readonly about: string;
};
const seen: Disagreement[] = [];
const isKnown = (d: Disagreement): boolean =>
  known.some((k) => k.peer === d.peer && k.cases.some((c) => fits(c, d.rule)));

/** Fails for what is not in the list; what is there is remembered, so that stale entries are found at the end. */
function judge(found: readonly Disagreement[]): void {
  seen.push(...found);
  assert.deepEqual(
    found.filter((d) => !isKnown(d)),
    [],
    'disagreements that third-opinion-known.yml does not explain',
  );
}

type Row = {
  readonly rule_id: string;
  readonly logsource: { readonly product: string; readonly category?: string; readonly service?: string };
  readonly events: readonly WinEvent[];
};
type WinEvent = {
  readonly Event: {
    readonly System: Readonly<Record<string, unknown>>;
    readonly EventData?: Readonly<Record<string, unknown>>;
    readonly UserData?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
};

/** The event as Sigma's Windows rules name its fields. */
function flat(e: WinEvent): Record<string, unknown> {
  const { System, EventData, UserData } = e.Event;
  const provider = System['Provider'] as { '#attributes'?: { Name?: string } } | undefined;
  const out: Record<string, unknown> = {
    EventID: System['EventID'],
    Channel: System['Channel'],
    Computer: System['Computer'],
    Provider_Name: provider?.['#attributes']?.Name,
  };
  for (const part of [EventData ?? {}, ...Object.values(UserData ?? {})])
    for (const [k, v] of Object.entries(part)) if (k !== '#attributes' && typeof v !== 'object') out[k] = v;
  return out;
}

const classOf = (s: { product?: string; category?: string; service?: string }): string =>
  `${s.product ?? ''}/${s.category ?? ''}/${s.service ?? ''}`;

/** Rules of one log source and events of it: as ours gets them, and as the peers do. */
type Class = {
  readonly name: string;
  readonly rules: readonly BaseRule[];
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly flat: readonly Readonly<Record<string, unknown>>[];
};
/** Lanes whose events say of which log source they are. */
const LANES = ['structured_windows', 'sysmon_file_event', 'cisco_syslog'];
/** Every so-manieth event of a lane. */
const LANE_STEP = 25;
let set: RuleSet;
const classes: Class[] = [];
/** Rule ids that ours gives per class and event, of the rules of that class. */
let ours: ReadonlySet<string>[][] = [];
let silentUnderOtherChannel: string[] = [];
/** Log sources that none of ours is. */
const unsupplied: string[] = [];

before(async () => {
  if (noCorpus !== false) return;
  const dirs = RULE_DIRS.map((d) => join(SIGMA, d)).filter((d) => existsSync(d));
  set = loadRules(dirs, { taxonomy: readTaxonomy(join(ROOT, 'content/taxonomy')) }).set;
  const rows = readFileSync(join(SIGMA, 'regression-dev.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l) as Row);
  // Where no source of ours writes such events, ours is silent by that; `vigil rules check` says so.
  const rulesOf = (name: string): BaseRule[] =>
    set.rules.filter(
      (r): r is BaseRule => r.kind === 'rule' && classOf(r.source ?? {}) === name && r.supplied !== false,
    );
  type Given = Omit<Class, 'rules'>;
  const given: Given[] = [
    ...rows.map((r) => ({ name: classOf(r.logsource), events: r.events, flat: r.events.map(flat) })),
    ...LANES.map((lane): Given => {
      const events = laneEvents(lane);
      return { name: classOf(events[0] ?? {}), events, flat: events };
    }),
  ];
  // Events of one log source are asked together: the peers then read its rules once.
  for (const [name, group] of Map.groupBy(given, (g) => g.name)) {
    const rules = rulesOf(name);
    if (rules.length === 0) unsupplied.push(name);
    else
      classes.push({
        name,
        rules,
        events: group.flatMap((g) => g.events),
        flat: group.flatMap((g) => g.flat),
      });
  }
  const normalize = makeNormalizer(await loadSources(join(ROOT, 'content/sources')), {
    hostZone: 'UTC',
    hostName: 'test',
  });
  const compiled = compileRules(set, new Map());
  const match = (e: object): readonly string[] =>
    compiled.match(normalize(Buffer.from(JSON.stringify(e)), GOLDEN_META, GOLDEN_INGESTED));
  ours = classes.map((c) => {
    const own = new Set(c.rules.map((r) => r.id));
    return c.events.map((e) => new Set(match(e).filter((id) => own.has(id))));
  });
  silentUnderOtherChannel = rows
    .filter((r) => r.events.some((e) => match(underOtherChannel(e)).includes(r.rule_id)))
    .map((r) => r.rule_id);
});

function laneEvents(name: string): Record<string, string>[] {
  const file = join(SIGMA, '../lanes', `${name}.ndjson.gz`);
  assert.ok(existsSync(file), file);
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  return lines.filter((_, i) => i % LANE_STEP === 0).map((l) => JSON.parse(l) as Record<string, string>);
}

/** The same data from another channel and provider: a rule's log source does not mean it. */
function underOtherChannel(e: WinEvent): WinEvent {
  const System = {
    ...e.Event.System,
    Channel: 'Example-Printing/Operational',
    Provider: { '#attributes': { Name: 'Example-Printing' } },
  };
  return { Event: { ...e.Event, System } };
}

test('regression events under another channel fire nothing', { skip: noCorpus }, () => {
  assert.deepEqual(silentUnderOtherChannel, []);
});

for (const name of PEERS) {
  const peer = findPeer(name);
  const skip =
    noCorpus !== false
      ? noCorpus
      : peer === undefined
        ? `${name} is not installed (bench/peers/install.ts)`
        : false;
  test(`corpus: ${name} agrees`, { skip, timeout: ANSWER_MS_MAX + 60_000 }, async (t) => {
    const cases = classes.map(
      (c): PeerCase => ({
        id: c.name,
        files: [...new Set(c.rules.map((r) => fileOf(r)))],
        events: c.flat,
      }),
    );
    const answers = await askPeer(peer as Peer, cases, ANSWER_MS_MAX);
    const found: Disagreement[] = [];
    let compared = 0;
    classes.forEach((c, i) => {
      compared += compare(name, c, ours[i] ?? [], answers[i] as PeerAnswer, found);
    });
    const refused = answers.flatMap((a) => a.errors);
    const fired = ours.flat().reduce((sum, ids) => sum + ids.size, 0);
    t.diagnostic(
      `${fired} matches; ${compared} verdicts compared, ${found.length} differ; ${refused.length} rules refused by ${name}`,
    );
    if (unsupplied.length > 0)
      t.diagnostic(`not compared, no source supplies them: ${unsupplied.join(', ')}`);
    for (const e of refused.slice(0, 20)) t.diagnostic(`refused: ${e.slice(0, 200)}`);
    assert.ok(compared > 100_000 && fired > 400, 'next to nothing was compared');
    judge(found);
  });
}

/** `file` is relative to one of the folders. */
function fileOf(r: BaseRule): string {
  const dir = RULE_DIRS.find((d) => existsSync(join(SIGMA, d, r.file)));
  assert.ok(dir !== undefined, r.file);
  return join(SIGMA, dir, r.file);
}

/** Adds the differences of one class; how many verdicts were compared. */
function compare(
  peer: string,
  c: Class,
  mine: readonly ReadonlySet<string>[],
  answer: PeerAnswer,
  found: Disagreement[],
): number {
  let n = 0;
  for (const rule of c.rules) {
    if (answer.errors.some((e) => e.includes(rule.id) || e.startsWith(`${rule.title}:`))) continue;
    c.flat.forEach((e, i) => {
      n++;
      const we = mine[i]?.has(rule.id) === true;
      if (we === (answer.hits[i] ?? []).includes(rule.id)) return;
      const about = `${rule.title}: ${JSON.stringify(e).slice(0, 600)}`;
      found.push({ peer, rule: rule.id, ours: we ? 'fires' : 'silent', about });
    });
  }
  return n;
}

for (const name of PEERS) {
  const peer = findPeer(name);
  const skip = peer === undefined ? `${name} is not installed (bench/peers/install.ts)` : false;
  test(`conformance: ${name} agrees`, { skip, timeout: ANSWER_MS_MAX + 60_000 }, async (t) => {
    // The back end's correlations need plans that are run step by step; they are not asked for.
    const questions = conformanceQuestions().filter((q) => name === 'rsigma' || !q.correlation);
    assert.ok(questions.length > 200, `${questions.length} questions`);
    const answers = await askPeer(
      peer as Peer,
      questions.map((q) => q.ask),
      ANSWER_MS_MAX,
    );
    const found: Disagreement[] = [];
    const refused: string[] = [];
    let compared = 0;
    questions.forEach((q, i) => {
      const d = differences(q, answers[i] as PeerAnswer);
      if (d === 'refused') refused.push(q.name);
      else {
        compared += q.verdicts.length;
        found.push(...d.map((x) => ({ peer: name, ...x })));
      }
    });
    t.diagnostic(`${questions.length} cases, ${compared} verdicts compared, ${found.length} differ`);
    t.diagnostic(`${refused.length} cases that ${name} does not load: ${refused.join('; ')}`);
    assert.ok(refused.length < questions.length / 5, 'most cases load');
    judge(found);
  });
}

test('the list of known disagreements holds nothing that is not so', { skip: noCorpus }, () => {
  for (const k of known) {
    for (const word of [k.says, k.where, k.right])
      assert.ok(word, `${k.peer} ${k.cases.join(', ')}: no sentence`);
    if (findPeer(k.peer as (typeof PEERS)[number]) === undefined) continue;
    for (const c of k.cases)
      assert.ok(
        seen.some((d) => d.peer === k.peer && fits(c, d.rule)),
        `${k.peer} ${c}: no longer so; take it out`,
      );
  }
});
