/** What the tests of this folder and of `alert` share: small taxonomies, events, rules from text. No I/O. */
import { EventFields, type FieldValue, type NormalizedEvent, type Origin } from '../model/event.ts';
import type { MatchedEvent } from '../model/match.ts';
import { rulesFromFiles } from './load.ts';
import type { RuleProblem, RuleSet } from './rule.ts';
import type { Taxonomy } from './taxonomy.ts';

/** Every log source of a test rule means every event; Windows names get their prefix. */
export const TEST_TAXONOMY: Taxonomy = {
  sources: ['', 'windows', 'linux'].flatMap((product) =>
    ['', 'process_creation', 'test'].map((category) => ({
      product,
      category,
      service: '',
      when: { kind: 'const', value: true } as const,
    })),
  ),
  fields: new Map([['windows', new Map([['Image', ['process.executable']]])]]),
  prefixes: new Map([['windows', ['winlog.event_data.']]]),
};

export function load(text: string): { readonly set: RuleSet; readonly problems: readonly RuleProblem[] } {
  return rulesFromFiles([{ path: 'test.yml', text }], { taxonomy: TEST_TAXONOMY });
}

/** Loads, and fails on any problem. */
export function rulesOf(text: string): RuleSet {
  const { set, problems } = load(text);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return set;
}

export type Fields = Readonly<Record<string, FieldValue>>;

export function eventOf(fields: Fields, rawText = ''): NormalizedEvent {
  const f = new EventFields();
  for (const [name, v] of Object.entries(fields)) f.set(name, v);
  return {
    fields: f,
    rawText,
    raw: new Uint8Array(),
    ts: 0,
    status: 'parsed',
    source: 'test',
    parser: 'test@1',
    entities: [],
  };
}

/** 2026-03-05 14:00 UTC, microseconds. */
export const T0 = Date.UTC(2026, 2, 5, 14) * 1000;

export type Matched = {
  readonly rules: readonly string[];
  readonly ts: number;
  readonly ingested?: number;
  readonly fields?: Fields;
  readonly origin?: Origin;
  readonly tenant?: string;
  readonly door?: string;
  readonly sender?: string;
  readonly ord?: number;
};

let ords = 0;
export function matchedOf(m: Matched): MatchedEvent {
  const fields = Object.entries(m.fields ?? {});
  return {
    id: { node: 1, batch: 1, ord: m.ord ?? ords++ },
    tenant: m.tenant ?? 'default',
    origin: m.origin ?? 'live',
    door: m.door ?? 'syslog-tcp',
    sender: m.sender ?? '192.0.2.1',
    source: 'test',
    ts: m.ts,
    ingested: m.ingested ?? m.ts,
    rules: m.rules,
    fields,
    entities: fields.flatMap(([k, v]) => (k === 'source.ip' ? [`ip:${String(v)}`] : [])),
  };
}

/** A failure rule `fail`, a success rule `ok`, brute force `brute` (> 10 in 5 minutes by address) and what raises it. */
export const BRUTE = `
title: Failed login
id: fail
name: fail
taxonomy: ecs
logsource: { category: test }
detection: { sel: { event.outcome: failure }, condition: sel }
---
title: Successful login
id: ok
name: ok
taxonomy: ecs
logsource: { category: test }
detection: { sel: { event.outcome: success }, condition: sel }
---
title: Brute force
id: brute
name: brute
taxonomy: ecs
correlation:
  type: event_count
  rules: [fail]
  group-by: [source.ip]
  timespan: 5m
  condition: { gt: 10 }
level: high
tags: [attack.credential-access, attack.t1110]
vigil:
  sentence: { kind: brute_force }
  next_steps: [Look at it]
---
title: Success after brute force
id: after
name: after
taxonomy: ecs
correlation:
  type: temporal_ordered
  rules: [brute, ok]
  group-by: [source.ip]
  timespan: 10m
level: critical
vigil:
  escalates: brute
  escalation: 'then a successful login as {user.name} on {host.name}'
`;
