/**
 * Hostile statements straight to the bridge as the query user: each refused, nothing written, nothing read. Behind the
 * gate stand the grants: the internal account reaches no file and no address either.
 */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BlockEncoder } from '../native.ts';
import { openTestStore, startBridge, type TestStore, testEvent, testProvenance } from '../testing.ts';
import { StoreError } from './client.ts';
import { HOSTILE } from './hostile.ts';

let t: TestStore;
before(async () => {
  t = await openTestStore();
  const e = new BlockEncoder();
  e.add(testEvent({ 'user.name': 'root' }), testProvenance());
  await t.store.insert([e.finish()], 'one');
});
after(() => t.end());

const socket = (): string => {
  const run = join(t.dataDir, 'run');
  return join(run, readdirSync(run).find((n) => n.endsWith('.sock')) as string);
};

/** A request of a stranger to the socket. */
function raw(
  path: string,
  headers: Record<string, string>,
  body = '',
  socketPath = socket(),
): Promise<{ status: number; code: string; text: string }> {
  return new Promise((resolve, reject) => {
    const req = request({ socketPath, path, method: 'POST', headers }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (c: string) => {
        text += c;
      });
      res.on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          code: String(res.headers['x-clickhouse-exception-code'] ?? ''),
          text,
        }),
      );
    });
    req.on('error', reject);
    req.end(body);
  });
}

test('each hostile statement is refused by the bridge itself', async (ctx) => {
  const bridge = await startBridge();
  ctx.after(bridge.end);
  const socketPath = bridge.socket;
  const as = (user: string, key: string) => ({ 'x-clickhouse-user': user, 'x-clickhouse-key': key });
  const internal = (sql: string) => raw('/', as('vigil', 'i'), sql, socketPath);
  assert.equal((await internal('CREATE DATABASE vigil ENGINE = Atomic')).status, 200);
  assert.equal(
    (await internal('CREATE TABLE vigil.events (raw String) ENGINE = MergeTree ORDER BY raw')).status,
    200,
  );
  assert.ok(HOSTILE.length >= 60);
  for (const sql of HOSTILE) {
    const inBody = await raw('/', as('search', 's'), sql, socketPath);
    const inUrl = await raw(`/?query=${encodeURIComponent(sql)}`, as('search', 's'), '', socketPath);
    for (const r of [inBody, inUrl]) {
      assert.ok(
        (r.status === 403 && r.code === '497') || (sql === '' && r.status === 400),
        `${sql} -> ${r.status} ${r.text}`,
      );
    }
  }
  // Half in the URL, half in the body; settings and formats in the URL; other people's roles.
  const search = (path: string, body: string) => raw(path, as('search', 's'), body, socketPath);
  assert.equal((await search('/?query=SELECT%201%3B', 'SET ROLE vigil_writer')).status, 403);
  const kept = await search(
    '/?readonly=0&max_execution_time=9999&max_result_rows=1e9&allow_ddl=1&role=vigil_writer&database=system',
    'SELECT count() FROM events',
  );
  assert.deepEqual([kept.status, kept.text.trim()], [200, '0']);
  assert.equal((await search("/?default_format=x'", 'SELECT 1')).status, 400);
  assert.equal((await search("/?param_a'b=1", 'SELECT 1')).status, 400);
  for (const [user, key] of [
    ['search', 'i'],
    ['vigil', 's'],
    ['', 'i'],
    ['search', ''],
  ] as const) {
    assert.equal((await raw('/', as(user, key), 'SELECT 1', socketPath)).status, 403);
  }
  assert.equal(existsSync('/tmp/x'), false);
});

test('values that look like SQL are values', async () => {
  for (const value of [
    "'; DROP TABLE vigil.events; --",
    "\\'",
    '\\',
    '\0',
    "a\n\t\r\b\f'b",
    '{x:Identifier}',
    '😀',
    '$x$',
    '\\N',
  ]) {
    const r = await t.engine.search('SELECT {v:String}, {list:Array(String)}', {
      params: { v: value, list: [value, 'b'] },
    });
    assert.deepEqual(r.rows, [[value, [value, 'b']]]);
  }
});

test('the internal account reaches no file, address, backup or server command', async () => {
  for (const sql of [
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1', 'system.one')",
    "CREATE TABLE vigil.x (a String) ENGINE = URL('http://127.0.0.1/', 'CSV')",
    "BACKUP TABLE vigil.events TO File('/tmp/b')",
    'SYSTEM SHUTDOWN',
    'CREATE DATABASE other ENGINE = Atomic',
    'CREATE FUNCTION f AS x -> x',
    'GRANT ALL ON *.* TO default',
  ]) {
    await assert.rejects(t.engine.command(sql), (e) => e instanceof StoreError && e.kind === 'refused', sql);
  }
});

test('without one of the two secrets nothing is answered', async () => {
  const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
  const tries: Record<string, string>[] = [
    {},
    { authorization: basic('default:') },
    { authorization: basic('vigil:') },
    { authorization: basic('search:x') },
    { authorization: 'Bearer x' },
    { 'x-clickhouse-user': 'vigil', 'x-clickhouse-key': '' },
  ];
  for (const headers of tries) {
    const r = await raw('/?query=SELECT%201', headers);
    assert.deepEqual([r.status, r.code], [403, '516']);
    assert.equal((await raw('/?query=SELECT%201&user=vigil&password=x', headers)).status, 403);
    assert.equal((await raw('/ping', headers)).status, 403);
  }
});

test('socket, folders and files are ours alone, and secrets stand in no command line or environment', () => {
  const mode = (path: string): number => lstatSync(path).mode & 0o777;
  const run = join(t.dataDir, 'run');
  assert.equal(mode(run), 0o700);
  assert.equal(mode(join(t.dataDir, 'engine')), 0o700);
  assert.equal(mode(socket()), 0o600);
  for (const name of ['config.xml', 'users.xml']) assert.equal(mode(join(run, name)), 0o600);
  const environment = readFileSync(`/proc/${t.engine.pid}/environ`, 'utf8')
    .split('\0')
    .map((v) => v.split('=')[0]);
  for (const name of environment) {
    assert.ok(
      ['', 'UV_THREADPOOL_SIZE', 'TZ', 'LANG', 'PATH', 'LD_LIBRARY_PATH', 'TMPDIR'].includes(name as string),
      name,
    );
  }
  assert.equal(readFileSync(`/proc/${t.engine.pid}/cmdline`, 'utf8').split('\0').length, 3);
});
