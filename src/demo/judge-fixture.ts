/** For tests: the demo's records through the real sources, rules and detection, without journal or store. */
import { fileURLToPath } from 'node:url';
import { Detection } from '../alert/detection.ts';
import { compileRules } from '../detect/matcher.ts';
import { loadRules } from '../detect/load.ts';
import { readTaxonomy } from '../detect/taxonomy.ts';
import type { Alert, AlertChange } from '../model/alert.ts';
import type { NormalizedEvent } from '../model/event.ts';
import type { RecordMeta } from '../model/record.ts';
import { makeNormalizer } from '../normalize/normalize.ts';
import { loadSources } from '../normalize/registry.ts';
import { DEMO_LISTS } from './company.ts';
import type { DemoItem } from './world.ts';

const content = (name: string): string => fileURLToPath(new URL(`../../content/${name}`, import.meta.url));
const META: RecordMeta = {
  tenant: 'demo',
  origin: 'demo',
  door: 'syslog-tcp',
  sender: '127.0.0.1',
  token: '',
  format: '',
  source: '',
  zone: 'UTC',
  stream: '',
};

export type Judge = {
  readonly parse: (item: DemoItem) => NormalizedEvent;
  /** Alerts of these records, received at their own times, by rule name. */
  readonly alerts: (items: Iterable<DemoItem>) => {
    readonly byRule: ReadonlyMap<string, Alert[]>;
    readonly records: number;
  };
};

/** Loads content/; throws where a rule does not load with the demo's lists. */
export async function makeJudge(): Promise<Judge> {
  const normalize = makeNormalizer(await loadSources(content('sources')), { hostZone: 'UTC', hostName: '' });
  const { set, problems } = loadRules([content('rules')], { taxonomy: readTaxonomy(content('taxonomy')) });
  const rules = compileRules(set, DEMO_LISTS);
  const bad = [...problems, ...rules.problems];
  if (bad.length > 0) throw new Error(JSON.stringify(bad));
  const names = new Map(set.rules.map((r) => [r.id, r.name]));
  const parse = (i: DemoItem): NormalizedEvent =>
    normalize(Buffer.from(i.raw), { ...META, door: i.door === 'http' ? 'http' : 'syslog-tcp' }, i.atUs);
  const alerts: Judge['alerts'] = (items) => {
    const detection = new Detection(set);
    const found = new Map<string, Alert>();
    const keep = (changes: readonly AlertChange[]): void => {
      for (const c of changes) found.set(c.alert.id, c.alert);
    };
    let records = 0;
    let last = 0;
    for (const i of items) {
      const e = parse(i);
      last = i.atUs;
      const id = { node: 1, batch: 1, ord: records++ };
      const met = rules.match(e);
      if (met.length === 0) continue;
      const { tenant, origin, sender } = META;
      const fields = [...e.fields.entries()];
      const common = { id, tenant, origin, sender, fields, door: i.door, source: e.source, ts: e.ts };
      keep(detection.apply([{ ...common, ingested: i.atUs, rules: met, entities: e.entities }]));
    }
    keep(detection.tick(last + 3600e6));
    const byRule = Map.groupBy(found.values(), (a) => names.get(a.rule) ?? a.rule);
    return { byRule, records };
  };
  return { parse, alerts };
}
