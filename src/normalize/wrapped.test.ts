import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { GOLDEN_INGESTED, GOLDEN_META, goldenNormalizer } from './golden.ts';
import { loadSources } from './registry.ts';

const normalize = goldenNormalizer(await loadSources(join(import.meta.dirname, '../../content/sources')));
const run = (doc: unknown) =>
  normalize(
    new Uint8Array(Buffer.from(JSON.stringify(doc))),
    { ...GOLDEN_META, door: 'http' },
    GOLDEN_INGESTED,
  );
const FAILED = 'Failed password for root from 10.0.1.5 port 4711 ssh2';
const LINE = `Mar  5 14:23:01 web01 sshd[77]: ${FAILED}`;

const SHIPPED: readonly (readonly [string, unknown])[] = [
  [
    'Filebeat',
    {
      '@timestamp': '2026-03-05T14:23:02.000Z',
      ecs: { version: '8.17.0' },
      agent: { type: 'filebeat', name: 'web01' },
      host: { name: 'web01' },
      log: { file: { path: '/var/log/auth.log' }, offset: 17 },
      message: LINE,
    },
  ],
  [
    'Vector',
    {
      appname: 'sshd',
      hostname: 'web01',
      procid: 77,
      facility: 'auth',
      severity: 'info',
      timestamp: '2026-03-05T14:23:01Z',
      message: FAILED,
    },
  ],
  ['Fluent Bit', { host: 'web01', ident: 'sshd', pid: '77', time: '2026-03-05T14:23:01Z', message: FAILED }],
  [
    'rsyslog',
    {
      '@timestamp': '2026-03-05T14:23:01+00:00',
      host: 'web01',
      syslogtag: 'sshd[77]:',
      message: ` ${FAILED}`,
    },
  ],
  [
    'Logstash',
    { '@timestamp': '2026-03-05T14:23:01Z', program: 'sshd', logsource: 'web01', pid: '77', message: FAILED },
  ],
  ['Docker', { log: `${LINE}\n`, stream: 'stdout', time: '2026-03-05T14:23:01.5Z' }],
  ['HEC', { event: LINE, sourcetype: 'linux_secure' }],
];

test('a line that a shipper wrapped is read as the line it is', () => {
  for (const [name, doc] of SHIPPED) {
    const e = run(doc);
    const got = [
      'event.action',
      'event.outcome',
      'user.name',
      'source.ip',
      'host.name',
      'process.pid',
      'message',
    ].map((n) => e.fields.get(n));
    assert.deepEqual(got.slice(0, 6), ['ssh_login', 'failure', 'root', '10.0.1.5', 'web01', 77], name);
    assert.equal(String(got[6]).trim(), FAILED, name);
    assert.deepEqual(
      [e.source, e.status, e.ts],
      ['sshd', 'parsed', Date.UTC(2026, 2, 5, 14, 23, 1) * 1000],
      name,
    );
  }
});

test('what stands beside the line is kept, and changes nothing that the line says', () => {
  const e = run({
    message: LINE,
    'user.name': 'forged',
    source: { ip: '192.0.2.9' },
    labels: { env: 'prod' },
    vigil: { count: 9 },
  });
  assert.equal(e.fields.get('user.name'), 'root');
  assert.equal(e.fields.get('source.ip'), '10.0.1.5');
  assert.equal(e.fields.get('labels.env'), 'prod');
  assert.equal(e.fields.has('vigil.count'), false);
});

test('a document that says itself what happened is not read again', () => {
  const e = run({
    '@timestamp': '2026-03-05T14:23:01Z',
    event: { category: ['web'], action: 'x' },
    message: LINE,
  });
  assert.deepEqual([e.source, e.fields.get('event.action')], ['ecs-json', 'x']);
});

test('a document whose text nobody knows stays what it was', () => {
  assert.equal(run({ message: 'just words', level: 'info' }).source, 'generic-json');
  assert.equal(
    run({ '@timestamp': '2026-03-05T14:23:01Z', ecs: { version: '8' }, message: 'just words' }).source,
    'ecs-json',
  );
  assert.equal(run({ message: 'PAM is an abbreviation', level: 'info' }).source, 'generic-json');
});
