import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeJudge } from './judge-fixture.ts';
import { WEEK_US } from './rhythm.ts';
import { SCENARIOS } from './scenarios.ts';
import { history } from './traffic.ts';
import { World } from './world.ts';

const MONDAY_US = Date.UTC(2026, 9, 5) * 1000;
/** A line's stamp may be of whole seconds, and Zeek writes a connection when it ends. */
const STAMP_US = 1e6;
const CONNECTION_US = 61e6;

test('98% of the records are understood by the source that they are meant for, with their own time', async () => {
  const { parse } = await makeJudge();
  let all = 0;
  const wrong = new Map<string, number>();
  for (const i of history({ seed: 11, fromUs: MONDAY_US, toUs: MONDAY_US + WEEK_US, perDay: 1500 })) {
    all++;
    const e = parse(i);
    const late = i.atUs - e.ts;
    assert.ok(
      late >= -1000 && late <= (i.format === 'zeek' ? CONNECTION_US : STAMP_US),
      `${late} us: ${i.raw}`,
    );
    assert.equal(e.source, i.format, i.raw);
    if (e.status !== 'parsed') wrong.set(i.format, (wrong.get(i.format) ?? 0) + 1);
  }
  const sum = [...wrong.values()].reduce((s, n) => s + n, 0);
  assert.ok(all > 10_000 && sum / all < 0.02, `${sum} of ${all}: ${JSON.stringify([...wrong])}`);
  // Text of programs that nobody parses is meant to be there.
  assert.deepEqual([...wrong.keys()], ['syslog']);
});

test('every record of every attack is understood', async () => {
  const { parse } = await makeJudge();
  const w = new World(1);
  for (const s of SCENARIOS) {
    w.at = MONDAY_US;
    s.play(w);
    const items = w.take();
    assert.ok(items.length > 1, s.name);
    for (const i of items) {
      const e = parse(i);
      assert.deepEqual([e.source, e.status], [i.format, 'parsed'], i.raw);
      if (i.format !== 'zeek' || !i.raw.includes('"x509"')) assert.ok(e.fields.has('event.action'), i.raw);
    }
  }
});

test('every record of the syslog door begins with <PRI>: octet counting is believed only then', () => {
  for (const i of history({ seed: 12, fromUs: MONDAY_US, toUs: MONDAY_US + WEEK_US, perDay: 500 }))
    if (i.door === 'syslog') assert.match(i.raw, /^<\d{1,3}>/);
    else assert.ok(!i.raw.includes('\n'));
});
