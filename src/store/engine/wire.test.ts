/** Values as SQL text, limits on concurrency, and the configuration files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverConfig, usersConfig } from './config.ts';
import { Slots } from './slots.ts';
import { errorCode, httpStatus, literal, paramText, setStatement } from './wire.ts';

test('a literal escapes what ends or bends it', () => {
  assert.equal(literal("a'b\\c\0\n\r\t\b\fé"), "'a\\'b\\\\c\\0\\n\\r\\t\\b\\fé'");
});

test('values of parameters are as ClickHouse reads them over HTTP', () => {
  assert.equal(paramText("a'b\tc"), "a\\'b\\tc");
  assert.equal(paramText(null), '\\N');
  assert.equal(paramText(5), '5');
  assert.equal(paramText(true), 'true');
  assert.equal(paramText(["a'b", 1, null, ['x']]), "['a\\'b',1,NULL,['x']]");
  assert.equal(paramText('\ud800'), '\ufffd');
});

test('names of settings are names', () => {
  assert.equal(
    setStatement(
      new Map([
        ['a', "1'"],
        ['param_b', 'x'],
      ]),
    ),
    "SET a='1\\'', param_b='x'",
  );
  for (const bad of ['a b', "a'", 'a=1, b', '', 'é', 'a'.repeat(200)]) {
    assert.equal(setStatement(new Map([[bad, '1']])), undefined, bad);
  }
});

test('error codes and statuses', () => {
  assert.equal(errorCode('Code: 497. DB::Exception: no'), 497);
  assert.equal(errorCode('no code'), 0);
  assert.deepEqual([62, 497, 60, 159, 241, 202].map(httpStatus), [400, 403, 404, 408, 500, 503]);
});

test('slots: at most so many run, so many wait, and an abort gives the place up', async () => {
  const s = new Slots(1, 2);
  const never = new AbortController().signal;
  assert.equal(await s.enter(never), 'entered');
  const gone = new AbortController();
  const second = s.enter(gone.signal);
  const third = s.enter(never);
  assert.equal(await s.enter(never), 'full');
  gone.abort();
  assert.equal(await second, 'aborted');
  s.leave();
  assert.equal(await third, 'entered');
  assert.equal(s.running, 1);
  s.leave();
  assert.equal(s.running, 0);
  assert.equal(await s.enter(gone.signal), 'aborted');
});

test('paths cannot break out of the configuration, and roles grant what they say', () => {
  const xml = serverConfig({ path: '/a<b>&"', usersConfig: '/u', memoryBytes: 1000, cores: 2 });
  assert.ok(xml.includes('<path>/a&lt;b&gt;&amp;&quot;</path>'));
  assert.ok(xml.includes('<max_server_memory_usage>1000<'));
  const grants = [...usersConfig({ memoryBytes: 1000, cores: 2 }).matchAll(/<query>(.*?)<\/query>/g)].map(
    (m) => m[1],
  );
  assert.deepEqual(grants, [
    'GRANT SELECT ON vigil.*',
    'GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, DROP TABLE, OPTIMIZE ON vigil.*',
    'GRANT SELECT ON system.*',
    'GRANT KILL QUERY ON *.*',
    'GRANT vigil_reader',
    'GRANT vigil_writer',
  ]);
});
