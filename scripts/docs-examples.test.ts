/** The examples of docs/ADD-A-*.md and docs/NOTIFICATIONS.md are true: they are taken from the pages and run. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Door } from '../src/collect/door.ts';
import { FakeIntake } from '../src/collect/fake-intake.ts';
import { runRuleTests } from '../src/detect/rule-tests.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import type { Intake } from '../src/model/record.ts';
import { makeNormalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';
import { signature } from '../src/respond/webhook.ts';
import { plant, type Tree } from './checks-fixture.ts';

const root = join(import.meta.dirname, '..');

/** Fenced blocks of a page that name a file in their first line, by that name. */
function blocks(page: string): Map<string, string> {
  const out = new Map<string, string>();
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  for (const m of text.matchAll(/^```(?:ts|yaml)\n(?:\/\/|#) (\S+)\n([\s\S]*?)^```$/gm))
    out.set(m[1] ?? '', m[2] ?? '');
  return out;
}

/** A copy of the tree (content copied, the rest linked) with the page's files in it. */
function project(page: string, copied: string): Tree {
  const tree = plant({ 'package.json': '{"type":"module"}' });
  cpSync(join(root, copied), join(tree.root, copied), { recursive: true });
  for (const name of ['src/base', 'src/model', 'src/normalize', 'src/detect', 'node_modules']) {
    mkdirSync(dirname(join(tree.root, name)), { recursive: true });
    symlinkSync(join(root, name), join(tree.root, name));
  }
  for (const [path, code] of blocks(page)) {
    mkdirSync(dirname(join(tree.root, path)), { recursive: true });
    writeFileSync(join(tree.root, path), code);
  }
  return tree;
}

test('ADD-A-SOURCE: the example parses its samples', async () => {
  using tree = project('ADD-A-SOURCE.md', 'content');
  assert.ok(blocks('ADD-A-SOURCE.md').has('content/sources/turnstile/source.ts'));
  const normalize = makeNormalizer(await loadSources(join(tree.root, 'content/sources')), {
    hostZone: 'UTC',
    hostName: 'collector',
  });
  const meta = {
    tenant: 'default',
    origin: 'live',
    door: 'syslog-tcp',
    sender: '10.0.0.1',
    token: '',
    format: 'syslog',
    source: '',
    zone: 'UTC',
    stream: '',
  } as const;
  const samples =
    readFileSync(join(root, 'docs/ADD-A-SOURCE.md'), 'utf8').match(/^Mar .*turnstile.*$/gm) ?? [];
  const events = samples.map((line) => normalize(Buffer.from(line), meta, Date.UTC(2026, 2, 5, 15) * 1000));
  assert.deepEqual(
    events.map((e) => [
      e.source,
      e.status,
      e.fields.text('event.action'),
      e.fields.text('event.outcome'),
      e.fields.text('user.name'),
      e.fields.text('source.ip'),
      e.fields.text('host.name'),
    ]),
    [
      ['turnstile', 'parsed', 'vpn_login', 'success', 'alice', '10.0.1.5', 'gate01'],
      ['turnstile', 'parsed', 'vpn_login', 'failure', 'mallory', '203.0.113.9', 'gate01'],
      ['turnstile', 'partial', undefined, undefined, undefined, undefined, 'gate01'],
    ],
  );
});

test('ADD-A-RULE: the examples load, and their tests pass', () => {
  const files = blocks('ADD-A-RULE.md');
  assert.equal(files.size, 6);
  using tree = plant(Object.fromEntries(files));
  const report = runRuleTests(tree.root, readTaxonomy(join(root, 'content/taxonomy')));
  assert.deepEqual(report.problems, []);
  assert.deepEqual(report.untested, []);
  assert.equal(report.results.length, 10);
  assert.deepEqual(
    report.results.filter((r) => !r.ok),
    [],
  );
});

test('ADD-A-LISTENER: the example takes lines, waits while the journal is full, and counts all', async () => {
  using tree = project('ADD-A-LISTENER.md', 'src/collect');
  const module = (await import(pathToFileURL(join(tree.root, 'src/collect/unix-lines.ts')).href)) as {
    openUnixLines(o: { path: string; tenant: string }, intake: Intake): Promise<Door>;
  };
  const intake = new FakeIntake();
  intake.capacity = 2;
  const path = join(tree.root, 'lines.sock');
  const door = await module.openUnixLines({ path, tenant: 'default' }, intake);
  const socket = connect(path);
  socket.end('one\ntw');
  await sleep(30);
  const second = connect(path);
  second.write('three\nfour\n');
  await sleep(30);
  assert.equal(intake.records.length, 2);
  intake.makeRoom();
  await sleep(30);
  assert.deepEqual(intake.texts.sort(), ['four', 'one', 'three', 'tw']);
  await door.close();
  await door.close();
  assert.equal(intake.receivedCount, 4);
});

test('NOTIFICATIONS: the receiver takes what Vigil signs, and nothing else', async () => {
  const code = blocks('NOTIFICATIONS.md').get('receiver.ts');
  assert.ok(code !== undefined);
  using tree = plant({ 'package.json': '{"type":"module"}', 'receiver.ts': code });
  const { isGenuine } = (await import(pathToFileURL(join(tree.root, 'receiver.ts')).href)) as {
    isGenuine(header: string, body: string, secret: string, nowSeconds: number): boolean;
  };
  const header = signature('secret', 1000, '{"a":1}');
  assert.equal(isGenuine(header, '{"a":1}', 'secret', 1100), true);
  assert.equal(isGenuine(header, '{"a":2}', 'secret', 1100), false, 'another body');
  assert.equal(isGenuine(header, '{"a":1}', 'Secret', 1100), false, 'another secret');
  assert.equal(isGenuine(header, '{"a":1}', 'secret', 9999), false, 'too old');
  assert.equal(isGenuine(header.replace('1000', '1001'), '{"a":1}', 'secret', 1100), false, 'another time');
  for (const h of ['', 't=1000', 'v1=00', 't=1000,v1=', 't=x,v1=zz'])
    assert.equal(isGenuine(h, '', 'secret', 1000), false, h);
});
