import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig, readSecret } from './load.ts';
import { configReference } from './reference.ts';
import { settings } from './settings.ts';

const dir = mkdtempSync(join(tmpdir(), 'vigil-config-'));
const file = (text: string): string => {
  const path = join(dir, 'vigil.yaml');
  writeFileSync(path, text);
  return path;
};
const load = (text: string, env: Record<string, string> = {}) => loadConfig({ path: file(text), env });
const problem = (text: string, env: Record<string, string> = {}): string => {
  const r = load(text, env);
  assert(!r.ok, 'should be refused');
  assert(!r.error.includes('\n'), 'one line');
  return r.error;
};

test('nothing is needed, and everything has its default', () => {
  const r = load('');
  assert(r.ok);
  assert.equal(r.value.syslog.port, 5514);
  assert.equal(r.value.console.host, '127.0.0.1');
  assert.equal(r.value.retention.auth, 365);
});

test('an unknown name is refused with the nearest known one', () => {
  assert.match(problem('sylog: {port: 1}'), /no setting 'sylog'; did you mean 'syslog'/);
  assert.match(problem('syslog: {prot: 1}'), /no setting 'syslog.prot'; did you mean 'syslog.port'/);
  assert.match(
    problem('', { VIGIL_CONSOLE_PROT: '1' }),
    /VIGIL_CONSOLE_PROT names no setting; did you mean VIGIL_CONSOLE_PORT/,
  );
});

test('bad values and bad YAML say where and why', () => {
  assert.match(problem('syslog: {port: 99999}'), /'syslog.port' is wrong/);
  assert.match(problem('zone: Europe/Berln'), /'zone' is wrong: no time zone is called 'Europe\/Berln'/);
  assert.match(
    problem('collect: {files: [{path: /var/log/a, zone: CEST}]}'),
    /no time zone is called 'CEST'/,
  );
  assert.match(problem('a: [1'), /not valid YAML/);
  assert.match(problem('- 1'), /must hold settings by name/);
  const missing = loadConfig({ path: join(dir, 'none.yaml'), env: {} });
  assert(!missing.ok && /cannot be read/.test(missing.error));
});

test('the environment overrides the file, the command line overrides both', () => {
  const path = file('console: {port: 1}\ncollect: {hostLogs: true}');
  const r = loadConfig({
    path,
    env: {
      VIGIL_CONSOLE_PORT: '2',
      VIGIL_COLLECT_HOST_LOGS: 'false',
      VIGIL_SYSLOG_ALLOW: '10.0.0.0/8, 192.0.2.0/24',
    },
    set: new Map([['console.host', '::1']]),
  });
  assert(r.ok);
  assert.deepEqual([r.value.console.port, r.value.console.host, r.value.collect.hostLogs], [2, '::1', false]);
  assert.deepEqual(r.value.syslog.allow, ['10.0.0.0/8', '192.0.2.0/24']);
});

test('secrets are references, never text', () => {
  assert.match(
    problem('notify: {webhook: {url: "https://example.org/", secret: hunter2}}'),
    /never the secret itself/,
  );
  const path = join(dir, 'secret');
  writeFileSync(path, 'from-file\n');
  assert.deepEqual(readSecret({ file: path }, {}), { ok: true, value: 'from-file' });
  assert.deepEqual(readSecret({ env: 'S' }, { S: 'from-env' }), { ok: true, value: 'from-env' });
  assert.equal(readSecret({ env: 'S' }, {}).ok, false);
});

test('docs/CONFIG.md is what the schema says', () => {
  assert(settings().length > 30);
  const on = readFileSync(new URL('../../docs/CONFIG.md', import.meta.url), 'utf8');
  assert.equal(on, configReference(), 'run: npm run vigil -- config reference > docs/CONFIG.md');
});
