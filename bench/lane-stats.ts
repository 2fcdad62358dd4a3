/**
 * What the mixed lane holds, as the product reads it: size, formats, distinct lines, addresses and users, share that is
 * parsed, share that rules match. `node bench/lane-stats.ts [records, default 100000] [seed]`.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { compileRules } from '../src/detect/matcher.ts';
import { loadRules } from '../src/detect/load.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import { makeNormalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';
import { LANE_FROM_US, LANE_SEED, laneLines } from './lane.ts';

const count = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? LANE_SEED);
const content = (name: string): string => join(import.meta.dirname, '../content', name);
const META = {
  tenant: 'default',
  origin: 'live',
  door: 'syslog-tcp',
  sender: '127.0.0.1',
  token: '',
  format: '',
  source: '',
  zone: 'UTC',
  stream: '',
} as const;

const normalize = makeNormalizer(await loadSources(content('sources')), { hostZone: 'UTC', hostName: '' });
const { set } = loadRules([content('rules')], { taxonomy: readTaxonomy(content('taxonomy')) });
const lists = new Map(
  ['monitored_domains', 'approved_cas'].map((n) => [n, { kind: 'text', values: [] }] as const),
);
const rules = compileRules(set, lists);
const alone = new Set(set.rules.filter((r) => r.kind === 'rule' && r.alerts).map((r) => r.id));

const made = performance.now();
const lines = [...laneLines({ seed, count })];
const makeMs = performance.now() - made;

const sources = new Map<string, { records: number; bytes: number; parsed: number }>();
const distinct = new Set<string>();
const addresses = new Set<string>();
const users = new Set<string>();
let bytes = 0;
let parsed = 0;
let alerting = 0;
let feeding = 0;
for (const line of lines) {
  const raw = Buffer.from(line);
  bytes += raw.length;
  distinct.add(createHash('md5').update(raw).digest('base64'));
  const e = normalize(raw, META, LANE_FROM_US + 3600e6);
  const s = sources.get(e.source) ?? { records: 0, bytes: 0, parsed: 0 };
  s.records++;
  s.bytes += raw.length;
  if (e.status === 'parsed') {
    s.parsed++;
    parsed++;
  }
  sources.set(e.source, s);
  for (const name of ['source.ip', 'destination.ip']) {
    const ip = e.fields.text(name);
    if (ip !== undefined) addresses.add(ip);
  }
  const user = e.fields.text('user.name');
  if (user !== undefined) users.add(user.replace(/^(?:CORP\\|ldap-)/, ''));
  const met = rules.match(e);
  if (met.some((id) => alone.has(id))) alerting++;
  else if (met.length > 0) feeding++;
}

const share = (n: number): string => `${((100 * n) / count).toFixed(3)}%`;
console.log(`seed ${seed}, ${count} records made in ${(makeMs / 1000).toFixed(1)} s`);
console.log(
  `mean ${(bytes / count).toFixed(1)} bytes, ${share(distinct.size)} distinct lines, ${share(parsed)} parsed`,
);
console.log(`${addresses.size} addresses, ${users.size} users`);
console.log(
  `${share(alerting)} match a rule that alerts by itself, ${share(feeding)} only rules that feed correlations`,
);
console.log(`${'source'.padEnd(14)}${'share'.padStart(9)}${'bytes'.padStart(7)}${'parsed'.padStart(10)}`);
for (const [name, s] of [...sources].sort((a, b) => b[1].records - a[1].records))
  console.log(
    `${name.padEnd(14)}${share(s.records).padStart(9)}${(s.bytes / s.records).toFixed(0).padStart(7)}${`${((100 * s.parsed) / s.records).toFixed(2)}%`.padStart(10)}`,
  );
