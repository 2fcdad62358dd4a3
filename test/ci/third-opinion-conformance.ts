/** The conformance suite (`test/conformance`) as questions to other engines, and how their answers differ from its verdicts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { PeerAnswer, PeerCase } from '../../bench/peers/peers.ts';
import { ROOT } from '../support/vigil.ts';

type Fields = Readonly<Record<string, unknown>>;
/** See `test/conformance/README.md`. */
type Case = {
  readonly name: string;
  readonly spec?: string;
  readonly sel?: unknown;
  readonly detection?: unknown;
  readonly correlation?: unknown;
  readonly rule?: string;
  readonly match?: readonly Fields[];
  readonly none?: readonly Fields[];
  readonly timeline?: readonly {
    readonly at: number;
    readonly late?: number;
    readonly on?: Fields;
    readonly tick?: boolean;
    readonly fires?: boolean;
  }[];
  readonly refused?: string;
  readonly lists?: unknown;
};
export type Question = {
  /** `keywords.yml: a keyword is found in any field`. */
  readonly name: string;
  readonly spec: string;
  readonly ask: PeerCase;
  /** What the suite says per event. */
  readonly verdicts: readonly boolean[];
  readonly correlation: boolean;
};

const DIR = join(ROOT, 'test/conformance');
/** Ids that every engine takes. */
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const X = uuid(1);
/** 2026-03-05 14:00 UTC, seconds. */
const START = 1_772_719_200;

/** `id: x` and references to it with UUIDs in their place: pySigma takes no other ids. */
function withUuids(text: string): string {
  const ids = [...new Set([...text.matchAll(/\bid: *['"]?([A-Za-z0-9_-]+)/g)].map((m) => m[1] as string))];
  const names = ids.filter((id) => id !== 'x' && !/^[0-9a-f]{8}-/.test(id));
  let out = text.replace(/\bid: *['"]?x['"]?(?![\w-])/g, `id: ${X}`);
  names.forEach((id, i) => {
    out = out.replace(new RegExp(`\\bid: *['"]?${id}['"]?(?![\\w-])`, 'g'), `id: ${uuid(i + 2)}`);
    out = out.replace(/^( *rules: *)\[([^\]]*)\]/gm, (_, head: string, list: string) => {
      const named = list.split(',').map((r) => (r.trim() === id ? ` ${uuid(i + 2)}` : r));
      return `${head}[${named.join(',')}]`;
    });
  });
  // Filters name the rule in question.
  return out.replace(/\brules: *\[ *x *\]/g, `rules: [${X}]`);
}

/** The rules that every correlation of the suite may name. */
const BASE = ['a', 'b', 'c'].map((k, i) =>
  stringify({
    title: k,
    id: uuid(101 + i),
    name: k,
    status: 'test',
    level: 'low',
    logsource: { category: 'test' },
    detection: { sel: { k }, condition: 'sel' },
  }),
);

/** The suite's ids of the rules above. */
const baseIds = (text: string): string =>
  text.replace(/\bid-([abc])\b/g, (_, k: string) => uuid(101 + 'abc'.indexOf(k)));

function rulesOf(c: Case): string {
  if (c.rule !== undefined) {
    const own = withUuids(c.rule);
    return c.timeline === undefined ? own : [...BASE, own].join('---\n');
  }
  if (c.correlation !== undefined)
    return [
      ...BASE,
      stringify({ title: 'case', id: X, status: 'test', level: 'medium', correlation: c.correlation }),
    ].join('---\n');
  const detection = c.detection ?? { selection: c.sel, condition: 'selection' };
  return JSON.stringify({
    title: 'case',
    id: X,
    status: 'test',
    level: 'medium',
    logsource: { category: 'test' },
    detection,
  });
}

/** What can be asked of others: not what is about refusing, lists of ours, late events or time that passes. */
function questionOf(file: string, spec: string, c: Case): Question | undefined {
  if (c.refused !== undefined || c.lists !== undefined) return undefined;
  const timed = c.timeline ?? [];
  if (timed.some((e) => e.tick === true || e.late !== undefined)) return undefined;
  const name = `${file}: ${c.name}`;
  const flat = [...(c.match ?? []), ...(c.none ?? [])];
  const events = c.timeline === undefined ? flat : timed.map((e) => e.on ?? {});
  if (events.length === 0) return undefined;
  const verdicts =
    c.timeline === undefined
      ? [...(c.match ?? []).map(() => true), ...(c.none ?? []).map(() => false)]
      : timed.map((e) => e.fires === true);
  const times = timed.map((e) => START + Math.floor(e.at));
  return {
    name,
    spec: c.spec ?? spec,
    ask: { id: name, rules: baseIds(rulesOf(c)), events, ...(c.timeline === undefined ? {} : { times }) },
    verdicts,
    correlation: c.timeline !== undefined,
  };
}

export function conformanceQuestions(): Question[] {
  return readdirSync(DIR)
    .filter((f) => f.endsWith('.yml'))
    .sort()
    .flatMap((file) => {
      const doc = parse(readFileSync(join(DIR, file), 'utf8')) as { spec?: string; cases?: readonly Case[] };
      return (doc.cases ?? []).flatMap((c) => questionOf(file, doc.spec ?? '', c) ?? []);
    });
}

export type Difference = { readonly rule: string; readonly ours: 'fires' | 'silent'; readonly about: string };

/** Where the answer differs from the suite; `refused` where the engine would not load the rule. */
export function differences(q: Question, a: PeerAnswer): Difference[] | 'refused' {
  if (a.errors.length > 0 || a.hits.length !== q.verdicts.length) return 'refused';
  return q.verdicts.flatMap((want, i): Difference[] =>
    (a.hits[i] ?? []).includes(X) === want
      ? []
      : [
          {
            rule: q.name,
            ours: want ? 'fires' : 'silent',
            about: `${JSON.stringify(q.ask.events[i])} [${q.spec}]`,
          },
        ],
  );
}
