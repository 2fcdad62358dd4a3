import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  entityOf,
  entityQuery,
  filterIn,
  filterOut,
  matches,
  narrow,
  splitEntity,
  splitPipes,
  topValuesQuery,
} from './query-text.ts';

test('a value becomes an exact literal', () => {
  assert.equal(matches('user.name', 'root'), 'user.name == "root"');
  assert.equal(matches('user.name', 'a"b\\c'), 'user.name == "a\\"b\\\\c"');
  assert.equal(matches('process.command_line', 'x* OR y?'), 'process.command_line == "x* OR y?"');
  assert.equal(matches('source.port', 22), 'source.port == "22"');
  assert.equal(matches('a.b', 'x\ny'), 'a.b == "x\\u{a}y"');
});

test('names that the grammar would misread are quoted', () => {
  assert.equal(matches('we ird"', 'x'), '"we ird\\"" == "x"');
  for (const alias of ['status', 'ip', 'OR', 'exists'])
    assert.equal(matches(alias, 'x'), `"${alias}" == "x"`);
  assert.equal(matches('@timestamp', 'x'), '@timestamp == "x"');
  assert.equal(matches('user.name', null), 'null(user.name)');
});

test('narrowing keeps the meaning of what was there', () => {
  assert.equal(filterIn('', 'a.b', '1'), 'a.b == "1"');
  assert.equal(filterIn('sshd', 'a.b', '1'), 'sshd AND a.b == "1"');
  assert.equal(filterOut('x OR y', 'a.b', '1'), '(x OR y) AND NOT (a.b == "1")');
  assert.equal(filterIn('a.b == "x OR y"', 'b.c', '1'), 'a.b == "x OR y" AND b.c == "1"');
  assert.equal(narrow('x | stats count() by y', 'z'), 'x AND z | stats count() by y');
});

test('a pipe inside quotes is no pipe', () => {
  assert.deepEqual(splitPipes('a.b == "x|\\"|y" | head 3'), {
    filter: 'a.b == "x|\\"|y"',
    pipes: '| head 3',
  });
  assert.equal(topValuesQuery('a | head 1', 'b.c'), 'a | stats count() by b.c | sort -count | head 10');
});

test('nor inside a regular expression or behind a backslash', () => {
  assert.deepEqual(splitPipes('url.path:/a|b/i | head 1'), { filter: 'url.path:/a|b/i', pipes: '| head 1' });
  assert.deepEqual(splitPipes('a\\|b | head 1'), { filter: 'a\\|b', pipes: '| head 1' });
  assert.deepEqual(splitPipes('/var/log | head 1'), { filter: '/var/log', pipes: '| head 1' });
});

test('entities', () => {
  assert.equal(entityQuery('ip:fe80::1'), 'ip:fe80::1');
  assert.equal(entityQuery('user:anna'), 'user:anna');
  assert.equal(entityQuery('user:a*'), 'entity("user:a*")');
  assert.equal(entityQuery('key:"x'), 'entity("key:\\"x")');
  assert.equal(entityOf('source.ip', '10.0.0.1')?.text, 'ip:10.0.0.1');
  assert.equal(entityOf('user.target.name', 'anna')?.text, 'user:anna');
  assert.equal(entityOf('host.name', 'web01')?.kind, 'host');
  assert.equal(entityOf('message', 'x'), undefined);
  assert.deepEqual(splitEntity('ip:fe80::1'), { kind: 'ip', name: 'fe80::1' });
});
