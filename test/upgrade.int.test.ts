/**
 * Data folders of released versions (`test/fixtures/data-*.tar.gz`, made by `scripts/make-fixture.ts`) open with today's
 * code, with all that is in them, and go on; a folder of a newer Vigil is refused, whichever of its parts is newer. The
 * clock is set to when the folder was left.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, mock, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { parseToken, sameHash } from '../src/api/secrets.ts';
import { type App, openApp } from '../src/app/app.ts';
import { silentLog } from '../src/base/log.ts';
import { importFile } from '../src/collect/import-file.ts';
import { loadConfig } from '../src/config/load.ts';
import { FrameBuilder } from '../src/journal/frame.ts';
import { segmentName } from '../src/journal/segments.ts';
import type { RecordMeta } from '../src/model/record.ts';
import type { Expected } from '../scripts/make-fixture.ts';
import { ROOT } from './support/vigil.ts';

const FIXTURES = globSync('test/fixtures/data-*.tar.gz', { cwd: ROOT }).sort();
const scratch = mkdtempSync(join(tmpdir(), 'vigil-upgrade-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Sets the clock that the app reads to `atUs`; it runs on from there. */
function setClock(atUs: number): void {
  const real = performance.now.bind(performance);
  const shift = atUs / 1000 - performance.timeOrigin - real();
  mock.method(performance, 'now', () => real() + shift);
}

function unpack(file: string): { dir: string; data: string; expected: Expected } {
  const dir = mkdtempSync(join(scratch, 'old-'));
  const r = spawnSync('tar', ['-xzf', join(ROOT, file), '-C', dir], { encoding: 'utf8' });
  assert.equal(r.status, 0, `tar: ${String(r.error ?? r.stderr)}`);
  const expected = JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')) as Expected;
  return { dir, data: join(dir, 'data'), expected };
}

function start(data: string): ReturnType<typeof openApp> {
  const config = loadConfig({
    path: undefined,
    env: {},
    set: new Map<string, unknown>([
      ['data', data],
      ['zone', 'UTC'],
      ['workers', 1],
    ]),
  });
  assert(config.ok, config.ok ? '' : config.error);
  return openApp({
    config: config.value,
    env: {},
    root: ROOT,
    version: '0.0.0',
    log: silentLog,
    serve: false,
    demo: false,
    isTTY: false,
    say: () => {},
  });
}
async function open(data: string): Promise<App> {
  const a = await start(data);
  assert(a.ok, a.ok ? '' : a.error);
  return a.value;
}

const META: RecordMeta = {
  tenant: 'default',
  origin: 'live',
  door: 'syslog-tcp',
  sender: '192.0.2.1',
  token: '',
  format: 'syslog',
  source: '',
  zone: 'UTC',
  stream: '',
};
async function send(app: App, text: string): Promise<void> {
  const raw = Buffer.from(text);
  app.pipeline.intake.received(META, 1, raw.length);
  app.pipeline.intake.offer({ meta: META, raw, pos: '' });
  await app.pipeline.settled();
}
const alertsOf = async (app: App) =>
  (await app.control.alertPage({ tenant: 'default', sort: 'newest', limit: 200 })).alerts;

test('there is a fixture, and its name is that of its version', () => {
  assert(FIXTURES.length > 0, 'run: node scripts/make-fixture.ts');
  for (const f of FIXTURES) assert.equal(basename(f), `data-${unpack(f).expected.version}.tar.gz`);
});

for (const fixture of FIXTURES) {
  const name = basename(fixture, '.tar.gz');

  test(`${name}: everything is there, and goes on`, async (t) => {
    const { dir, data, expected: e } = unpack(fixture);
    setClock(e.stoppedAt + 20e6);
    const app = await open(data);
    try {
      await t.test('events, each with its fields and its bytes', async () => {
        assert.equal((await app.store.stats()).rows, e.events.length);
        for (const want of e.events) {
          const got = await app.searches.event('default', want.id);
          assert(got !== undefined, `${want.id}: ${want.raw}`);
          assert.equal(got.raw, want.raw);
          const fields = new Map(got.fields);
          for (const [field, value] of want.fields)
            assert.deepEqual(fields.get(field), value, `${field} of ${want.raw}`);
        }
        assert(
          e.events.some((x) => x.fields.some(([f]) => f.startsWith('__proto__'))),
          'names of all kinds',
        );
      });
      await t.test('alerts, as they were', async () => {
        const now = new Map((await alertsOf(app)).map((a) => [a.id, a]));
        assert(e.alerts.some((a) => a.status === 'new'));
        for (const want of e.alerts) {
          const got = now.get(want.id);
          for (const [key, value] of Object.entries(want))
            assert.equal(got?.[key as keyof typeof got], value, `${key} of ${want.ruleTitle}`);
        }
      });
      await t.test('list and token', async () => {
        const list = app.control.lists().find((l) => l.name === e.list.name);
        assert.deepEqual(list?.values, e.list.values);
        const token = parseToken(e.token);
        assert(token !== undefined);
        assert(sameHash((await app.control.token(token.id))?.hash ?? '', token.hash));
      });
      await t.test('the file imported then is known', async () => {
        const file = join(dir, 'again.log');
        writeFileSync(file, e.imported);
        const r = await importFile(file, app.pipeline.importIntake, {
          tenant: 'default',
          positions: (s) => app.pipeline.position(s),
        });
        assert.deepEqual([r.status, r.records], ['duplicate', 0], r.message);
      });
      await t.test('the window begun then: one more, and the rule of the user fires', async () => {
        const fired = async () => (await alertsOf(app)).filter((a) => a.ruleTitle === e.window.title);
        assert.deepEqual(await fired(), []);
        const at = new Date((e.stoppedAt + 21e6) / 1000).toISOString();
        await send(app, `<38>1 ${at} ${e.window.host} tool 4711 - - ${e.window.text}`);
        const [alert] = await fired();
        assert.equal(alert?.count, 5);
        assert.equal(alert?.hosts[0], e.window.host);
      });
      await t.test('the ledger balances, then and now', async () => {
        assert(await app.pipeline.stored(10_000));
        const lines = await app.pipeline.ledger.report({ tenants: ['default'], from: 0, to: 4e15 });
        assert.equal(
          lines.reduce((n, l) => n + l.received, 0),
          e.received + 1,
        );
        assert(
          lines.every((l) => l.balanced),
          JSON.stringify(lines.filter((l) => !l.balanced)),
        );
        assert.deepEqual(app.warnings, []);
      });
    } finally {
      await app.close();
    }
  });
}

// ── newer than this Vigil ─────────────────────────────────────────────────────────────────────────────────────────

const NEWER = 9;
const only = (dir: string, pattern: RegExp): string => {
  const names = readdirSync(dir).filter((n) => pattern.test(n));
  return join(dir, names.sort().at(-1) ?? assert.fail(`nothing like ${pattern} in ${dir}`));
};
/** A snapshot: a header line in JSON, and bytes that it names the hash of. */
function patchState(data: string, change: (header: Record<string, unknown>, body: Buffer) => Buffer): void {
  const file = only(join(data, 'state'), /\.state$/);
  const bytes = readFileSync(file);
  const end = bytes.indexOf(10);
  const header = JSON.parse(bytes.toString('utf8', 0, end)) as Record<string, unknown>;
  const body = change(header, bytes.subarray(end + 1));
  header['sha256'] = createHash('sha256').update(body).digest('hex');
  writeFileSync(file, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]));
}

const PATCHES: readonly (readonly [string, (data: string) => void | Promise<void>, RegExp])[] = [
  [
    'the folder',
    (data) => writeFileSync(join(data, 'format'), `${NEWER}\n`),
    /the data folder .* \(format 9\) was written by a newer Vigil; start that version/,
  ],
  [
    'the control database',
    (data) => {
      const db = new DatabaseSync(join(data, 'control.sqlite'));
      db.prepare("update meta set value = '9' where key = 'format'").run();
      db.close();
    },
    /control\.sqlite has format 9, this Vigil knows formats up to \d+: start the newer Vigil/,
  ],
  [
    'the event store',
    async (data) => {
      const app = await open(data);
      await app.engine.client.command("INSERT INTO vigil.format SELECT 999, 'later', now64(6)");
      await app.close();
    },
    /The event store has format 999, and this Vigil knows formats up to \d+.* start that version/,
  ],
  [
    'the journal',
    (data) => {
      const bytes = new FrameBuilder(0).seal(1, 999_999);
      bytes.writeUInt8(NEWER, 12);
      bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
      writeFileSync(join(data, 'journal', segmentName(999_999)), bytes);
    },
    /the receive journal .*000000000999999\.vj \(format 9\) was written by a newer Vigil; start that version/,
  ],
  [
    'the detection state',
    (data) =>
      patchState(data, (header, body) => {
        header['format'] = NEWER;
        return body;
      }),
    /the detection state \(format 9\) was written by a newer Vigil; start that version/,
  ],
  [
    'what the detection state holds',
    (data) =>
      patchState(data, (_, body) =>
        Buffer.from(body.toString().replace(/"format":\d+/, `"format":${NEWER}`)),
      ),
    /the detection snapshot has format 9, this version of Vigil reads \d+: start the newer Vigil/,
  ],
  ...(
    [
      ['rules and lists in force', /"format":\d+/],
      // The rules are text within the text.
      ['the rules in force', /\\"format\\":\d+/],
    ] as const
  ).map(
    ([what, place]) =>
      [
        what,
        (data: string) => {
          let hash = '';
          patchState(data, (header, body) => {
            hash = String(header['content']);
            return body;
          });
          const file = join(data, 'content', `${hash}.json`);
          const text = readFileSync(file, 'utf8');
          assert.match(text, place);
          writeFileSync(
            file,
            text.replace(place, (m) => m.replace(/\d+/, String(NEWER))),
          );
        },
        /the rules in force were written by a newer Vigil; start that version/,
      ] as const,
  ),
];

for (const [what, patch, sentence] of PATCHES) {
  test(`refused: ${what} of a newer Vigil`, async () => {
    const newest = FIXTURES.at(-1) ?? assert.fail('no fixture');
    const { dir, data, expected } = unpack(newest);
    setClock(expected.stoppedAt + 20e6);
    await patch(data);
    const before = join(dir, 'before');
    cpSync(join(data, 'journal'), before, { recursive: true });
    const r = await start(data);
    if (r.ok) await r.value.close();
    assert(!r.ok, 'it opened');
    assert.match(r.error, sentence);
    assert.equal(r.error.trim().split('\n').length, 1, 'one sentence');
    assert.deepEqual(readdirSync(join(data, 'journal')), readdirSync(before), 'nothing is cut or removed');
    for (const name of readdirSync(before))
      assert.deepEqual(readFileSync(join(data, 'journal', name)), readFileSync(join(before, name)));
  });
}
