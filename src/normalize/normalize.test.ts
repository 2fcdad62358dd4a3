import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RecordMeta } from '../model/record.ts';
import { GOLDEN_INGESTED, GOLDEN_META, goldenNormalizer } from './golden.ts';
import { makeNormalizer, type Normalizer, REPEAT_MAX } from './normalize.ts';
import { loadSources, makeRegistry } from './registry.ts';
import { defineSource } from './source.ts';

const registry = await loadSources(join(import.meta.dirname, '../../content/sources'));
const normal = goldenNormalizer(registry);
const run = (text: string | Uint8Array, meta: Partial<RecordMeta> = {}, n: Normalizer = normal) =>
  n(
    typeof text === 'string' ? new Uint8Array(Buffer.from(text)) : text,
    { ...GOLDEN_META, ...meta },
    GOLDEN_INGESTED,
  );

test('the line that the product promises', () => {
  const e = run('Mar 5 14:23:01 server sshd[1234]: Failed password for root from 10.0.1.5');
  const got = Object.fromEntries(
    [
      'event.category',
      'event.action',
      'event.outcome',
      'user.name',
      'source.ip',
      'host.name',
      'process.pid',
    ].map((n) => [n, e.fields.get(n)]),
  );
  assert.deepEqual(got, {
    'event.category': ['authentication'],
    'event.action': 'ssh_login',
    'event.outcome': 'failure',
    'user.name': 'root',
    'source.ip': '10.0.1.5',
    'host.name': 'server',
    'process.pid': 1234,
  });
  assert.deepEqual([e.source, e.status, e.parser], ['sshd', 'parsed', 'sshd@1']);
  assert.deepEqual(e.entities, ['ip:10.0.1.5', 'user:root', 'host:server']);
  assert.equal(e.ts, Date.UTC(2026, 2, 5, 14, 23, 1) * 1000);
});

/** What counts as a failed login in rules: category authentication and outcome failure. */
const failures = (lines: readonly string[]): number => {
  let n = 0;
  for (const line of lines) {
    const f = run(line).fields;
    const c = f.get('event.category');
    if (Array.isArray(c) && c.includes('authentication') && f.get('event.outcome') === 'failure')
      n += Number(f.get('vigil.count') ?? 1);
  }
  return n;
};

test('one failed login is one failure, whatever lines it leaves', () => {
  const p = 'Mar  5 14:23:01 web01 sshd[77]: ';
  assert.equal(
    failures([
      `${p}pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.1.5  user=root`,
      `${p}Failed password for root from 10.0.1.5 port 4711 ssh2`,
      `${p}Connection closed by authenticating user root 10.0.1.5 port 4711 [preauth]`,
    ]),
    1,
  );
  assert.equal(
    failures([
      `${p}Invalid user bob from 10.0.1.5 port 4711`,
      `${p}pam_unix(sshd:auth): check pass; user unknown`,
      `${p}pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.1.5`,
      `${p}Failed none for invalid user bob from 10.0.1.5 port 4711 ssh2`,
      `${p}Failed password for invalid user bob from 10.0.1.5 port 4711 ssh2`,
      `${p}message repeated 2 times: [ Failed password for invalid user bob from 10.0.1.5 port 4711 ssh2]`,
      `${p}error: maximum authentication attempts exceeded for invalid user bob from 10.0.1.5 port 4711 ssh2 [preauth]`,
      `${p}Disconnecting invalid user bob 10.0.1.5 port 4711: Too many authentication failures [preauth]`,
      `${p}PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.1.5`,
      `${p}PAM service(sshd) ignoring max retries; 3 > 3`,
    ]),
    3,
  );
});

test('a user with three keys and then the right one has not failed', () => {
  const p = 'Mar  5 14:23:01 web01 sshd[77]: ';
  const k = 'SHA256:AAAAexampleexampleexampleexampleexampleexam';
  assert.equal(
    failures([
      `${p}Failed publickey for alice from 10.0.0.21 port 4711 ssh2: RSA ${k}`,
      `${p}Failed publickey for alice from 10.0.0.21 port 4711 ssh2: ED25519 ${k}`,
      `${p}Failed publickey for alice from 10.0.0.21 port 4711 ssh2: ECDSA ${k}`,
      `${p}Accepted publickey for alice from 10.0.0.21 port 4711 ssh2: ED25519 ${k}`,
    ]),
    0,
  );
});

test('message repeated: unwrapped and counted, the count bounded', () => {
  const e = run(
    'Mar  5 14:23:01 h sshd[1]: message repeated 999999999 times: [ Failed password for a from 10.0.1.5 port 1 ssh2]',
  );
  assert.equal(e.fields.get('vigil.count'), REPEAT_MAX);
  assert.equal(e.fields.get('event.action'), 'ssh_login');
});

test('host: named, else this machine for files, else the peer for syslog, else none', () => {
  assert.equal(run('words').fields.get('host.name'), 'collector');
  assert.equal(
    run('<13>words', { door: 'syslog-udp', sender: '192.0.2.7' }).fields.get('host.name'),
    '192.0.2.7',
  );
  assert.equal(run('words', { door: 'http', sender: '192.0.2.7' }).fields.get('host.name'), undefined);
});

test('what nothing recognises is kept whole', () => {
  const bytes = new Uint8Array([0x61, 0x00, 0xff, 0xfe, 0x62, 0x0a]);
  const e = run(bytes);
  assert.deepEqual([e.status, e.source], ['raw', 'unknown']);
  assert.equal(e.rawText, 'a\u0000\ufffd\ufffdb\n');
  assert.equal(e.fields.get('message'), 'a\u0000\ufffd\ufffdb');
  assert.equal(e.raw, bytes);
});

test('a pinned source is asked alone', () => {
  assert.equal(run('2026/03/05 14:23:10 [error] 1#1: x', { source: 'nginx' }).source, 'nginx');
  const e = run('Mar  5 14:23:01 h sshd[1]: Failed password for a from 10.0.1.5', { source: 'apache' });
  assert.deepEqual(
    [e.source, e.status, e.fields.get('message')],
    ['apache', 'partial', 'Failed password for a from 10.0.1.5'],
  );
});

test('a parser that throws quarantines the event and leaves no half of it', () => {
  const bad = defineSource({
    name: 'bad',
    version: 3,
    title: 'bad',
    recognise: { programs: ['bad'] },
    parse: (_, out) => {
      out.set('event.action', 'ssh_login');
      throw new Error('boom');
    },
  });
  const n = makeNormalizer(makeRegistry([bad]), { hostZone: 'UTC', hostName: 'h' });
  const e = run('Mar  5 14:23:01 web01 bad[1]: x', {}, n);
  assert.deepEqual([e.status, e.source, e.parser], ['quarantined', 'bad', 'bad@3']);
  assert.equal(e.fields.get('vigil.error'), 'boom');
  assert.equal(e.fields.has('event.action'), false);
  assert.equal(e.fields.get('host.name'), 'web01');
  assert.equal(e.fields.get('message'), 'x');
});

test('what the bounds leave out is named on the event', () => {
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`k${i}`, i])));
  assert.equal(run(many).fields.get('vigil.fields_left_out'), 101);
  assert.equal(run(`{"long":"${'x'.repeat(70_000)}"}`).fields.get('vigil.values_cut'), 1);
});

test('provenance is ours, whatever the sender says', () => {
  const e = run('{"vigil.tenant":"other","vigil":{"origin":"demo"},"event.ingested":1}', { tenant: 't1' });
  assert.equal(e.fields.get('vigil.tenant'), 't1');
  assert.equal(e.fields.get('vigil.origin'), 'live');
  assert.equal(e.fields.get('event.ingested'), GOLDEN_INGESTED);
  assert.equal(e.fields.get('claimed.vigil.tenant'), 'other');
});
