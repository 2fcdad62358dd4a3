/**
 * Correlations with many live groups: how many bytes a group costs, how fast new and known keys are counted, what eviction
 * costs when the table is full, and how long a snapshot and its restore take.
 *
 *     npm run bench:groups -- [GROUPS]        (1,000,000)
 *
 * Rates and times are of CPU time (all threads, collecting included), so that what else runs on the machine matters less.
 * Groups with one occurrence are columns (`src/detect/singles.ts`), those with more are objects. Heap and buffers are
 * measured after a collection, less what they were before.
 */
import { Correlator, type Hit, LEAN_MAX } from '../src/detect/correlate.ts';
import { rulesFromFiles } from '../src/detect/load.ts';
import type { MatchedEvent } from '../src/model/match.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import { join } from 'node:path';
import { cpuMs, used } from './support-gc.ts';

const N = Number(process.argv[2] ?? 1_000_000);
const taxonomy = readTaxonomy(join(import.meta.dirname, '../content/taxonomy'));
const { set, problems } = rulesFromFiles(
  [
    {
      path: 'bench.yml',
      text: `title: Failure
id: fail
taxonomy: ecs
logsource: { category: authentication }
detection: { s: { event.outcome: failure }, condition: s }
---
title: Many failures
id: many
taxonomy: ecs
correlation: { type: event_count, rules: [fail], group-by: [source.ip], timespan: 5m, condition: { gt: 10 } }
---
title: Heartbeat
id: beat
taxonomy: ecs
logsource: { category: service }
detection: { s: { event.outcome: success }, condition: s }
---
title: A heartbeat stops
id: stops
taxonomy: ecs
correlation: { type: event_count, rules: [beat], group-by: [source.ip], timespan: 5m, condition: { lt: 1 } }
`,
    },
  ],
  { taxonomy },
);
if (problems.length > 0) throw new Error(JSON.stringify(problems));

const START = Date.UTC(2026, 2, 5, 14) * 1000;
const ip = (i: number): string => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
const eventOf = (i: number, address: string): MatchedEvent => ({
  id: { node: 1, batch: 1 + Math.floor(i / 1000), ord: i % 1000 },
  tenant: 'default',
  origin: 'live',
  door: 'syslog-tcp',
  sender: '192.0.2.1',
  source: 'sshd',
  ts: START + i * 100,
  ingested: START + i * 100,
  rules: ['fail'],
  fields: [
    ['event.action', 'ssh_login'],
    ['event.outcome', 'failure'],
    ['source.ip', address],
    ['user.name', 'root'],
    ['host.name', 'web01'],
    ['message', `Failed password for root from ${address} port 4711 ssh2`],
  ],
  entities: [`ip:${address}`, 'user:root', 'host:web01'],
});

const rate = (n: number, ms: number): string => `${Math.round(n / (ms / 1000)).toLocaleString('en')}/s`;

function feed(c: Correlator, n: number, from: number, keyOf: (i: number) => number): number {
  const hits: Hit[] = [];
  const began = cpuMs();
  for (let i = 0; i < n; i++) {
    c.feed('fail', eventOf(from + i, ip(keyOf(i))), 1, hits);
    if (hits.length > 1000) hits.length = 0;
  }
  return cpuMs() - began;
}

const before = used();
const c = new Correlator(set, N, N);
const half = N / 2;
let fresh = feed(c, half, 0, (i) => i);
const bytesHalf = used() - before;
fresh += feed(c, half, half, (i) => half + i);
const bytes = used() - before;
console.log(
  `${N.toLocaleString('en')} groups of one occurrence: ${Math.round(bytes / 2 ** 20)} MiB, ${Math.round(bytes / N)} bytes a group (the second half ${Math.round((bytes - bytesHalf) / half)}: the first ${LEAN_MAX.toLocaleString('en')} events are held), ${rate(N, fresh)}`,
);

const began = cpuMs();
const text = JSON.stringify(c.state());
const wrote = cpuMs() - began;
const read = cpuMs();
new Correlator(set, N, N).restore(JSON.parse(text) as ReturnType<Correlator['state']>);
console.log(
  `snapshot: ${Math.round(text.length / 2 ** 20)} MiB, written in ${Math.round(wrote)} ms, restored in ${Math.round(cpuMs() - read)} ms`,
);

const evicting = feed(c, N / 4, N, (i) => N + i);
console.log(`full table, fresh keys (each evicts one): ${rate(N / 4, evicting)}`);

const tick = cpuMs();
c.tick(START + 2 * N * 100, []);
console.log(`a tick over all of them: ${Math.round(cpuMs() - tick)} ms`);

const small = N / 10;
const d = new Correlator(set, N, N);
feed(d, small, 0, (i) => i);
const base = used();
const second = feed(d, small, N, (i) => i);
console.log(
  `${small.toLocaleString('en')} of them with a second occurrence: ${Math.round((used() - base) / small)} bytes more a group, ${rate(small, second)}`,
);
const known = feed(d, small, 2 * N, (i) => i % 1000);
console.log(`known keys, a storm on 1,000 of them: ${rate(small, known)}`);

const hosts = N / 10;
const e = new Correlator(set, N, N);
const beats = cpuMs();
let told = 0;
for (let round = 0; round < 3; round++) {
  for (let i = 0; i < hosts; i++) {
    const at = round * hosts + i;
    const hits: Hit[] = [];
    e.feed('beat', eventOf(at, ip(i)), 1, hits);
    // A tick with every hundredth event, as journal frames bring them.
    if (i % 100 === 0) e.tick(START + at * 100, hits);
    told += hits.length;
  }
}
console.log(
  `heartbeats of ${hosts.toLocaleString('en')} hosts, a tick every 100 events: ${rate(3 * hosts, cpuMs() - beats)}, ${told} told`,
);
const silent: Hit[] = [];
const silence = cpuMs();
e.tick(START + 3600e6, silent);
console.log(
  `all of them fall silent: ${silent.length.toLocaleString('en')} told in ${Math.round(cpuMs() - silence)} ms`,
);
