import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from '../model/event.ts';
import { nameAndUid, PAIRS_MAX, pairs, quoted, setPeer } from './text.ts';

test('pairs: empty values, bare words, the first of a key wins, bounded', () => {
  const bare: string[] = [];
  const got = pairs('uid=0  tty=ssh ruser= DF rhost=10.0.1.5 user=root user=forged =x', bare);
  assert.deepEqual(
    [...got],
    [
      ['uid', '0'],
      ['tty', 'ssh'],
      ['ruser', ''],
      ['rhost', '10.0.1.5'],
      ['user', 'root'],
    ],
  );
  assert.deepEqual(bare, ['DF', '=x']);
  assert.equal(pairs(Array.from({ length: 1000 }, (_, i) => `k${i}=v`).join(' ')).size, PAIRS_MAX);
});

test('quoted: escapes are skipped, an open quote is none', () => {
  assert.deepEqual(quoted('"a \\" b" c', 0), { value: 'a \\" b', end: 8 });
  assert.equal(quoted('"open', 0), undefined);
  assert.equal(quoted('no', 0), undefined);
});

test('setPeer: address, host name, broken address', () => {
  const out = new EventFields();
  setPeer(out, 'source', '::ffff:10.0.0.1', '22');
  setPeer(out, 'destination', 'Gate.Example.com');
  assert.equal(out.get('source.ip'), '10.0.0.1');
  assert.equal(out.get('source.port'), 22);
  assert.equal(out.get('destination.domain'), 'gate.example.com');
  const bad = new EventFields();
  setPeer(bad, 'source', '999.1.1.1');
  assert.equal(bad.get('invalid.source.ip'), '999.1.1.1');
});

test('nameAndUid', () => {
  assert.deepEqual(nameAndUid('root(uid=0)'), { name: 'root', uid: '0' });
  assert.deepEqual(nameAndUid('(uid=0)'), { name: '', uid: '0' });
  assert.deepEqual(nameAndUid('bob'), { name: 'bob', uid: '' });
});
