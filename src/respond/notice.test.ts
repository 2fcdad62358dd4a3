/** Reading notifications back from the outbox, and making values safe. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isoTime, line, toNotice } from './notice.ts';
import { anAlert, anItem, aNotice, HOSTILE } from './respond-fixture.test.ts';
import { mailSubject, mailText } from './smtp.ts';
import { webhookBody } from './webhook.ts';

const link = (id: string): string => `https://vigil.example.com/alerts/${id}`;

test('an outbox row becomes a notice; escalations say so', () => {
  const opened = toNotice(anItem(), link);
  assert.deepEqual(opened, { ok: true, value: aNotice() });
  const raised = toNotice(anItem({ event: 'escalated:critical:3' }), link);
  assert.equal(raised.ok && raised.value.event, 'escalated');
});

test('a row that holds no alert is refused, whatever it holds', () => {
  const broken = ['', 'null', '[]', '1', '"x"', '{}', JSON.stringify({ ...anAlert(), entities: 'x' })];
  const more = [{ severity: 'huge' }, { count: null }, { sentence: 7 }].map((c) =>
    JSON.stringify({ ...anAlert(), ...c }),
  );
  for (const payload of [...broken, ...more])
    assert.equal(toNotice(anItem({ payload }), link).ok, false, payload);
});

test('line: one safe line, bounded', () => {
  assert.equal(line('a\r\nb\u202e', 50), 'a\\u{d}\\u{a}b\\u{202e}');
  assert.equal(line('x'.repeat(100), 10), `${'x'.repeat(9)}…`);
  assert.ok(line(HOSTILE.repeat(1000), 200).length <= 200);
  assert.equal(isoTime(Number.MAX_SAFE_INTEGER * 1000), '');
});

test('hostile values: no control, no bidi, no line of their own in webhook or mail', () => {
  const n = aNotice({
    sentence: HOSTILE,
    ruleTitle: HOSTILE,
    entities: [`user:${HOSTILE}`, `x:${'A'.repeat(1_000_000)}`],
    hosts: [HOSTILE],
    key: [`host.name=${HOSTILE}`],
    nextSteps: [HOSTILE],
    attack: [HOSTILE],
  });
  const body = webhookBody(n);
  assert.match(body, /^[\x20-\x7e]+$/);
  assert.ok(body.length < 20_000, `${body.length}`);
  const parsed = JSON.parse(body) as { entities: string[]; sentence: string };
  assert.equal(parsed.entities[0], `user:${HOSTILE}`, 'entities stay exact, for machines');
  assert.doesNotMatch(parsed.sentence, /[\r\n\u202e\u001b]/);
  assert.doesNotMatch(mailSubject(n), /[\r\n\u0000\u001b\u202e]/);
  const text = mailText(n);
  assert.doesNotMatch(text, /[\r\u0000\u001b\u202e]/);
  assert.equal(
    text.split('\n').length,
    mailText(aNotice()).split('\n').length,
    'as many lines as a plain alert',
  );
  assert.ok(text.length < 20_000);
});
