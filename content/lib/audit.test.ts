import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from '../../src/model/event.ts';
import {
  actionTable,
  address,
  auditEvent,
  dig,
  failed,
  mailDomain,
  namedValues,
  paths,
  setTime,
} from './audit.ts';

test('a value is found at its path, in lists by index, and whatever the case of the names', () => {
  const doc = { actor: { alternateId: 'eva' }, list: [{ Id: 1 }] };
  assert.equal(dig(doc, ['actor', 'alternateId']), 'eva');
  assert.equal(dig(doc, ['ACTOR', 'alternateid']), 'eva');
  assert.equal(dig(doc, ['list', '0', 'id']), 1);
  assert.equal(dig(doc, ['list', '1', 'id']), undefined);
  assert.equal(dig(doc, ['list', 'x']), undefined);
  assert.equal(dig('text', ['length']), undefined);
  // Only what the document itself holds.
  assert.equal(dig(Object.create({ inherited: 1 }) as { inherited: number }, ['inherited']), undefined);
});

test('addresses with ports and brackets; names are none', () => {
  assert.equal(address('203.0.113.9:4711'), '203.0.113.9');
  assert.equal(address('[2001:db8::1]:443'), '2001:db8::1');
  assert.equal(address('2001:db8::1'), '2001:db8::1');
  assert.equal(address('sts.amazonaws.com'), undefined);
  assert.equal(address(undefined), undefined);
});

test('words of failure', () => {
  for (const w of ['FAILURE', 'failed', 'DENY', 'denied', 'Error', 'NO', 'false'])
    assert.equal(failed(w), true, w);
  for (const w of ['SUCCESS', 'Succeeded', 'notable', 'ALLOW', 'YES', undefined])
    assert.equal(failed(w), false, w);
});

test('the domain of a mail address', () => {
  assert.equal(mailDomain('Eva@Example.COM'), 'example.com');
  assert.equal(mailDomain('eva'), undefined);
  assert.equal(mailDomain('a@b@c'), undefined);
});

test('lists of names and values in every spelling of Google and Microsoft', () => {
  assert.deepEqual(
    namedValues([
      { name: 'a', value: 1 },
      { Name: 'b', Value: 'x' },
      { name: 'c', multiValue: ['y'] },
      { name: 'd' },
      7,
    ]),
    [
      ['a', 1],
      ['b', 'x'],
      ['c', ['y']],
    ],
  );
});

test('an event that lacks what its word requires is an api_request', () => {
  const spec = {
    prefix: 'x',
    provider: 'x',
    user: paths('who'),
    target: paths('whom'),
    outcome: paths('result'),
    actions: actionTable('role_granted: grant promote'),
  };
  const full = new EventFields();
  auditEvent({ who: 'eva@example.com', whom: 'bob', result: 'denied' }, full, spec, 'grant');
  assert.equal(full.text('event.action'), 'role_granted');
  assert.equal(full.text('event.outcome'), 'failure');
  assert.equal(full.text('user.domain'), 'example.com');
  assert.equal(full.text('x.who'), 'eva@example.com');
  const bare = new EventFields();
  auditEvent({ who: 'eva' }, bare, spec, 'promote');
  assert.equal(bare.text('event.action'), 'api_request');
  assert.equal(bare.text('event.code'), 'promote');
});

test('the time of an event is the first of its places that holds one', () => {
  const where = paths('seen', 'meta.made');
  for (const [doc, us] of [
    [{ seen: '2026-03-05T14:00:00Z', meta: { made: 1 } }, 1_772_719_200_000_000],
    [{ seen: 'soon', meta: { made: 1_772_719_200 } }, 1_772_719_200_000_000],
    [{ meta: {} }, undefined],
  ] as const) {
    const out = new EventFields();
    setTime(out, doc, where);
    assert.equal(out.get('@timestamp'), us);
  }
});
