import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from '../model/event.ts';
import {
  AHEAD_MAX_US,
  claimTime,
  clfStamp,
  isoStamp,
  isoText,
  parseTime,
  STORED_MAX_US,
  setDate,
  syslogStamp,
} from './time.ts';
import { zoneOffset } from '../base/zone.ts';

const us = (iso: string): number => Date.parse(iso) * 1000;
const ctx = (zone: string, ingested: string) => ({ zone, ingested: us(ingested) });
const at = (text: string, zone: string, ingested: string): string | undefined => {
  const got = parseTime(text, ctx(zone, ingested));
  return got === undefined ? undefined : isoText(got);
};

test('year-less stamps: the latest year that is at most a day after receipt, over New Year', () => {
  const cases: [string, string, string][] = [
    ['Dec 31 23:59:58', '2026-01-01T00:00:02Z', '2025-12-31T23:59:58.000000Z'],
    ['Jan  1 00:00:02', '2025-12-31T23:59:58Z', '2026-01-01T00:00:02.000000Z'],
    ['Jan  1 23:00:00', '2025-12-31T23:30:00Z', '2026-01-01T23:00:00.000000Z'],
    ['Jan  2 00:00:00', '2025-12-30T23:59:59Z', '2025-01-02T00:00:00.000000Z'],
    ['Mar  5 14:23:01', '2026-03-05T15:00:00Z', '2026-03-05T14:23:01.000000Z'],
    ['Mar 5 14:23:01', '2026-03-05T15:00:00Z', '2026-03-05T14:23:01.000000Z'],
    ['Nov 30 10:00:00', '2026-03-05T15:00:00Z', '2025-11-30T10:00:00.000000Z'],
  ];
  for (const [text, ingested, want] of cases) assert.equal(at(text, 'UTC', ingested), want, text);
});

test('year-less New Year in a zone ahead of and behind UTC', () => {
  // 00:30 on 1 January in Berlin is still 2025 in UTC.
  assert.equal(at('Jan  1 00:30:00', 'Europe/Berlin', '2025-12-31T23:30:05Z'), '2025-12-31T23:30:00.000000Z');
  assert.equal(
    at('Dec 31 23:30:00', 'America/New_York', '2026-01-01T04:30:05Z'),
    '2026-01-01T04:30:00.000000Z',
  );
});

test('29 February without a year is in the last leap year', () => {
  assert.equal(at('Feb 29 12:00:00', 'UTC', '2026-03-05T00:00:00Z'), '2024-02-29T12:00:00.000000Z');
  assert.equal(at('Feb 29 12:00:00', 'UTC', '2024-02-29T12:00:01Z'), '2024-02-29T12:00:00.000000Z');
  assert.equal(at('Feb 30 12:00:00', 'UTC', '2024-02-29T12:00:01Z'), undefined);
  assert.equal(at('Feb 29 2026 12:00:00', 'UTC', '2026-03-05T00:00:00Z'), undefined);
});

test('clock change in autumn: the reading nearest to receipt', () => {
  // Berlin, 25 October 2026: 02:00-03:00 comes twice (00:00Z-01:00Z as +02:00, 01:00Z-02:00Z as +01:00).
  assert.equal(at('Oct 25 02:30:00', 'Europe/Berlin', '2026-10-25T00:30:01Z'), '2026-10-25T00:30:00.000000Z');
  assert.equal(at('Oct 25 02:30:00', 'Europe/Berlin', '2026-10-25T01:30:01Z'), '2026-10-25T01:30:00.000000Z');
  assert.equal(
    at('2026-10-25 02:30:00', 'Europe/Berlin', '2026-10-25T05:00:00Z'),
    '2026-10-25T01:30:00.000000Z',
  );
});

test('clock change in spring: the skipped hour moves forward', () => {
  // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00Z.
  assert.equal(at('Mar 29 02:30:00', 'Europe/Berlin', '2026-03-29T02:00:00Z'), '2026-03-29T01:30:00.000000Z');
  assert.equal(at('Mar 29 01:59:59', 'Europe/Berlin', '2026-03-29T02:00:00Z'), '2026-03-29T00:59:59.000000Z');
  assert.equal(at('Mar 29 03:00:00', 'Europe/Berlin', '2026-03-29T02:00:00Z'), '2026-03-29T01:00:00.000000Z');
  // New York and Lord Howe (half an hour).
  assert.equal(
    at('2026-03-08 02:15:00', 'America/New_York', '2026-03-08T08:00:00Z'),
    '2026-03-08T07:15:00.000000Z',
  );
  assert.equal(
    at('2026-10-04 02:10:00', 'Australia/Lord_Howe', '2026-10-04T08:00:00Z'),
    '2026-10-03T15:40:00.000000Z',
  );
});

test('formats', () => {
  const want = '2026-03-05T13:23:01.000000Z';
  for (const text of [
    '2026-03-05T14:23:01+01:00',
    '2026-03-05T14:23:01+0100',
    '2026-03-05T14:23:01+01',
    '2026-03-05 13:23:01Z',
    '2026-03-05 13:23:01 UTC',
    '2026-03-05 14:23:01 +0100',
    '2026-03-05_14:23:01',
    '2026/03/05 14:23:01',
    '05/Mar/2026:14:23:01 +0100',
    'Mar  5 14:23:01',
    'Mar 05 2026 14:23:01',
    'Mar 5 14:23:01 2026',
    'Mar  5 13:23:01 UTC',
    'Thu Mar  5 14:23:01 2026',
    'Thu, 05 Mar 2026 14:23:01 +0100',
    'Thu, 05 Mar 2026 13:23:01 GMT',
    '20260305132301Z',
    '20260305T142301',
    '1772716981',
    '1772716981000',
    '1772716981000000',
    '1772716981000000000',
  ])
    assert.equal(at(text, 'Europe/Berlin', '2026-03-05T15:00:00Z'), want, text);
  assert.equal(parseTime(1772716981.5, ctx('UTC', '2026-03-05T15:00:00Z')), 1772716981500000);
  assert.equal(parseTime('1772716981.123456', ctx('UTC', '2026-03-05T15:00:00Z')), 1772716981123456);
  assert.equal(parseTime('1772716981123456789', ctx('UTC', '2026-03-05T15:00:00Z')), 1772716981123456);
});

test('fractions and leap seconds', () => {
  const c = ctx('UTC', '2026-03-05T15:00:00Z');
  assert.equal(parseTime('2026-03-05T14:23:01.123456789Z', c), us('2026-03-05T14:23:01Z') + 123456);
  assert.equal(parseTime('2026-03-05T14:23:01,5Z', c), us('2026-03-05T14:23:01Z') + 500000);
  assert.equal(parseTime('2016-12-31T23:59:60Z', c), us('2017-01-01T00:00:00Z'));
});

test('what is no time', () => {
  const c = ctx('UTC', '2026-03-05T15:00:00Z');
  for (const text of [
    '',
    'yesterday',
    '2026-13-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '25:00:00',
    'Mar 5',
    '10.0.0.1',
    'Mar 32 10:00:00',
    'x'.repeat(1000),
  ])
    assert.equal(parseTime(text, c), undefined, text);
  for (const v of [undefined, null, true, {}, [], Number.NaN, Number.POSITIVE_INFINITY, 1e300])
    assert.equal(parseTime(v, c), undefined);
});

test('stamps say where they end', () => {
  const c = ctx('UTC', '2026-03-05T15:00:00Z');
  assert.equal(syslogStamp('Mar  5 14:23:01 server', 0, c)?.end, 15);
  assert.equal(syslogStamp('Mar 5 14:23:01 2001db8 x', 0, c)?.end, 14);
  assert.equal(isoStamp('2026-03-05T14:23:01.5Z host', 0, c)?.end, 22);
  assert.equal(clfStamp('05/Mar/2026:14:23:01 +0100] "GET', 0, c)?.end, 26);
});

test('years 1970, 2038, 2106, 9999 are read exactly', () => {
  const c = ctx('UTC', '2026-03-05T15:00:00Z');
  for (const text of [
    '1970-01-01T00:00:00Z',
    '2038-01-19T03:14:08Z',
    '2106-02-07T06:28:16Z',
    '9999-12-31T23:59:59Z',
  ])
    assert.equal(parseTime(text, c), us(text), text);
});

test('claimTime: held to ten minutes ahead and to what can be stored', () => {
  const now = us('2026-03-05T15:00:00Z');
  assert.deepEqual(claimTime(undefined, now), { ts: now, flag: '' });
  assert.deepEqual(claimTime(Number.NaN, now), { ts: now, flag: '' });
  assert.deepEqual(claimTime(now + AHEAD_MAX_US, now), { ts: now + AHEAD_MAX_US, flag: '' });
  assert.deepEqual(claimTime(now + AHEAD_MAX_US + 1, now), { ts: now, flag: 'ahead' });
  assert.deepEqual(claimTime(us('9999-12-31T23:59:59Z'), now), { ts: now, flag: 'ahead' });
  assert.deepEqual(claimTime(0, now), { ts: 0, flag: '' });
  assert.deepEqual(claimTime(us('1899-12-31T23:59:59Z'), now), { ts: now, flag: 'range' });
});

test('setDate: far dates are held at the edge and kept as text, junk goes to invalid', () => {
  const c = ctx('UTC', '2026-03-05T15:00:00Z');
  const out = new EventFields();
  setDate(out, 'x509.not_after', '9999-12-31T23:59:59Z', c);
  setDate(out, 'x509.not_before', 'soon', c);
  assert.equal(out.get('x509.not_after'), STORED_MAX_US);
  assert.ok(Number.isSafeInteger(STORED_MAX_US));
  assert.equal(out.get('claimed.x509.not_after'), '9999-12-31T23:59:59Z');
  assert.equal(out.get('invalid.x509.not_before'), 'soon');
});

test('zone offsets equal those of Intl, and unknown zones are UTC', () => {
  for (const zone of ['Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe']) {
    const f = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'longOffset' });
    for (let s = 1_700_000_000; s < 1_800_000_000; s += 3_333_333) {
      const name = f.formatToParts(s * 1000).find((p) => p.type === 'timeZoneName')?.value ?? '';
      const m = /GMT([+-])(\d\d):(\d\d)/.exec(name);
      const want = m === null ? 0 : (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 3600 + Number(m[3]) * 60);
      assert.equal(zoneOffset(zone, s), want, `${zone} ${s}`);
    }
  }
  assert.equal(zoneOffset('No/Such', 1_700_000_000), 0);
});
