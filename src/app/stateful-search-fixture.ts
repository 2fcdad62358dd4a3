/** For tests: events in order over the store and through the live engine, and the events at which a rule is met there. */
import { Detection } from '../alert/detection.ts';
import type { Lists } from '../condition/tree.ts';
import { rulesFromFiles } from '../detect/load.ts';
import { compileRules } from '../detect/matcher.ts';
import type { FieldValue } from '../model/event.ts';
import type { AlertChange } from '../model/alert.ts';
import type { MatchedEvent } from '../model/match.ts';
import { BlockEncoder, stampOurs } from '../store/native.ts';
import { testEvent, testProvenance, type TestStore } from '../store/testing.ts';
import { TEST_TAXONOMY } from '../detect/testing.ts';

export type Given = {
  readonly at: number;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly text?: string;
  readonly sender?: string;
  readonly tenant?: string;
  /** Further into the batch of the event before it. */
  readonly same?: boolean;
};

export class World {
  readonly #list: {
    readonly e: ReturnType<typeof testEvent>;
    readonly p: ReturnType<typeof testProvenance>;
  }[] = [];

  constructor(given: readonly Given[]) {
    let [batch, ord] = [1, 0];
    for (const g of given) {
      if (g.same === true) ord++;
      else [batch, ord] = [batch + 1, 0];
      const e = testEvent(g.fields, { ts: g.at, text: g.text ?? 'a line' });
      const p = testProvenance({
        batch,
        ord,
        ingested: g.at,
        retentionDays: 3650,
        sender: g.sender ?? '192.0.2.7',
        tenant: g.tenant ?? 'default',
      });
      stampOurs(e, p);
      this.#list.push({ e, p });
    }
  }

  /** `token`: another one for each world, or the store takes it for what it has. */
  async store(t: TestStore, token: string): Promise<void> {
    const encoder = new BlockEncoder();
    for (const { e, p } of this.#list) encoder.add(e, p);
    await t.store.insert([encoder.finish()], token);
  }

  /** Ids of the events at which a rule with this condition is met, and their times, as the state owner finds them. */
  live(condition: string, lists: Lists = new Map()): Map<string, number> {
    const yaml = [
      '- name: "the rule"',
      '  condition: |',
      `    ${condition}`,
      '  severity: high',
      '  entity: [vigil.node, vigil.batch, vigil.ord]',
      '',
    ].join('\n');
    const loaded = rulesFromFiles([{ path: 'r.yml', text: yaml }], { taxonomy: TEST_TAXONOMY });
    if (loaded.problems.length > 0) throw new Error(JSON.stringify(loaded.problems));
    const compiled = compileRules(loaded.set, lists);
    const detection = new Detection(loaded.set, { lists });
    const out = new Map<string, number>();
    const take = (changes: readonly AlertChange[]): void => {
      for (const { alert } of changes) {
        const part = (name: string): string =>
          alert.key.find((k) => k.startsWith(`${name}=`))?.slice(name.length + 1) ?? alert.rule;
        out.set(`${part('vigil.node')}-${part('vigil.batch')}-${part('vigil.ord')}`, alert.lastSeen);
      }
    };
    let last = 0;
    for (const { e, p } of this.#list) {
      for (let at = last + 10e6; last > 0 && at < e.ts && at < last + 3600e6; at += 10e6)
        take(detection.tick(at));
      last = e.ts;
      const rules = compiled.match(e);
      if (rules.length > 0) take(detection.apply([matched(e, p, rules)]));
    }
    for (let i = 1; i < 500; i++) take(detection.tick(last + i * 10e6));
    return out;
  }
}

const matched = (
  e: ReturnType<typeof testEvent>,
  p: ReturnType<typeof testProvenance>,
  rules: readonly string[],
): MatchedEvent => ({
  id: { node: p.node, batch: p.batch, ord: p.ord },
  tenant: p.tenant,
  origin: p.origin,
  door: p.door,
  sender: p.sender,
  source: e.source,
  ts: e.ts,
  ingested: p.ingested,
  rules,
  fields: [...e.fields.entries()],
  entities: e.entities,
});

/** Numbers that are the same in every run: 0 <= n < below. */
export function dice(seed: number): (below: number) => number {
  let s = seed >>> 0;
  return (below) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return Math.floor((s / 2 ** 32) * below);
  };
}
