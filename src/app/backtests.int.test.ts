/** Backtests of an installation: by the command line and by HTTP, of rules in force and of a text that is not. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BacktestResult } from '../api/contract.ts';
import { silentLog } from '../base/log.ts';
import { tokenCommand } from '../cli/commands/access.ts';
import { rulesOpenCommand } from '../cli/commands/rules-open.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../cli/output.ts';
import { loadConfig } from '../config/load.ts';
import { testMeta } from '../pipeline/fixture.ts';
import { type App, openApp } from './app.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'vigil-backtest-'));
const DAY = 86_400_000;
const NOW = Date.now();
let app: App;

before(async () => {
  const config = loadConfig({
    path: undefined,
    env: {},
    set: new Map<string, unknown>([
      ['data', join(dir, 'data')],
      ['console.port', 0],
      ['syslog.port', 0],
      ['syslog.tlsPort', 0],
      ['collect.hostLogs', false],
      ['zone', 'UTC'],
    ]),
  });
  assert(config.ok, config.ok ? '' : config.error);
  const opened = await openApp({
    config: config.value,
    env: {},
    root,
    version: '0.0.0',
    log: silentLog,
    serve: true,
    demo: false,
    isTTY: false,
    say: () => {},
  });
  assert(opened.ok, opened.ok ? '' : opened.error);
  app = opened.value;
  let pid = 0;
  const meta = testMeta({ origin: 'import', door: 'import' });
  // Twelve failures on the second day, some every day.
  for (let d = 5; d >= 1; d--) {
    for (let i = 0; i < (d === 2 ? 12 : 3); i++) {
      const at = new Date(NOW - d * DAY + i * 5000).toISOString();
      const raw = Buffer.from(
        `<38>${at} web01 sshd[${++pid}]: Failed password for root from 203.0.113.7 port ${40000 + pid} ssh2`,
      );
      app.pipeline.intake.received(meta, 1, raw.length);
      assert.equal(app.pipeline.intake.offer({ meta, raw, pos: '' }), 'taken');
    }
  }
  assert.ok(await app.pipeline.stored(20_000));
});
after(async () => {
  await app?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function command(
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await rulesOpenCommand.run({
    app,
    args: ['backtest', ...args],
    cwd: dir,
    signal: new AbortController().signal,
    o: { out: (l) => out.push(l), err: (l) => err.push(l), isTTY: false },
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** The shipped rule about many failed logins from one address. */
const BRUTE = (): string => {
  const found = app.rules.set.rules.find((r) => r.kind === 'correlation' && r.name === 'brute_force');
  assert.ok(found !== undefined, 'a brute force rule ships');
  return found.id;
};

test('a rule in force by id, name or title: days, examples, forecast, and what it cost', async () => {
  const rule = app.rules.rule(BRUTE());
  assert.ok(rule !== undefined);
  for (const wanted of [rule.id, rule.name, rule.title]) {
    const { code, out, err } = await command(wanted, '--since', '10d');
    assert.equal(code, EXIT_OK, err);
    assert.match(out, /24 events that it counts, met \d+ times, 1 alerts/);
    assert.match(out, /forecast: 1\.\d alerts a week \(0 to \d/);
    assert.match(out, /read [\d.]+ [kMG]B in \d+ rows/);
    assert.match(out, new RegExp(`${new Date(NOW - 2 * DAY).toISOString().slice(0, 10)} +12 +1`));
    assert.match(out, /lists as of now/);
  }
  const audit = await app.control.auditPage({ limit: 10 });
  assert.equal(audit.filter((a) => a.action === 'rule.backtest').length, 3);
});

test('a file that is not in force, which refers to rules that are', async () => {
  const base = app.rules.set.rules.find((r) => r.id === BRUTE());
  assert.ok(base?.kind === 'correlation');
  writeFileSync(
    join(dir, 'mine.yml'),
    `title: Few failures\nid: 00000000-0000-4000-8000-0000000000aa\nstatus: test\nlevel: low\ntaxonomy: ecs\ncorrelation:\n  type: event_count\n  rules: [${base.rules[0]}]\n  group-by: [source.ip]\n  timespan: 5m\n  condition: { gte: 3 }\n`,
  );
  const json = await command('mine.yml', '--since', '10d', '--json', '--lists', 'then');
  assert.equal(json.code, EXIT_OK, json.err);
  const b = JSON.parse(json.out) as BacktestResult;
  assert.equal(b.rule.title, 'Few failures');
  assert.equal(b.alerts, 5, 'one a day');
  assert.equal(b.lists === 'as it was' || b.lists === 'as of now', true);
  assert.equal(app.rules.rule('00000000-0000-4000-8000-0000000000aa'), undefined, 'nothing comes into force');
  writeFileSync(join(dir, 'broken.yml'), 'title: x\nid: y\ndetection: {}\n');
  const broken = await command('broken.yml');
  assert.equal(broken.code, EXIT_FAILED);
  assert.match(broken.err, /line \d+/);
});

test('what cannot be asked is refused with a sentence', async () => {
  assert.match((await command('no such rule')).err, /no rule with the id, name, title or file/);
  assert.equal((await command()).code, EXIT_USAGE);
  assert.match((await command('x', '--since', 'yesterday')).err, /--since takes/);
  assert.match((await command('x', '--lists', 'maybe')).err, /now or then/);
});

test('by HTTP: for analysts, in one tenant, on record', async () => {
  const out: string[] = [];
  const token = async (scope: string): Promise<string> => {
    out.length = 0;
    await tokenCommand.run({
      app,
      args: ['create', scope, scope],
      cwd: dir,
      signal: new AbortController().signal,
      o: { out: (l) => out.push(l), err: (l) => out.push(l), isTTY: false },
    });
    return out[0] ?? '';
  };
  const ask = async (bearer: string, body: object): Promise<{ status: number; body: BacktestResult }> => {
    const r = await fetch(`${app.api?.local.url}/api/v1/rules/backtest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: r.status, body: (await r.json()) as BacktestResult };
  };
  const range = { from: (NOW - 10 * DAY) * 1000, to: NOW * 1000 };
  const admin = await token('admin');
  const ok = await ask(admin, { rule: BRUTE(), ...range });
  assert.equal(ok.status, 200, JSON.stringify([ok.body, out]));
  assert.equal(ok.body.alerts, 1);
  assert.equal((await ask(admin, { rule: BRUTE(), ...range, tenant: 'other' })).status, 404);
  assert.equal((await ask(admin, { rule: 'nowhere', ...range })).status, 400);
  assert.equal((await ask(admin, { rule: BRUTE(), from: range.to, to: range.from })).status, 400);
  assert.equal((await ask(await token('read'), { rule: BRUTE(), ...range })).status, 403);
});
