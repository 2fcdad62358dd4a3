/** The rule of certificates that run out: time drives it, over what events said of certificates. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldValue } from '../../model/event.ts';
import type { MatchedEvent } from '../../model/match.ts';
import { load } from '../testing.ts';
import { NAMES_CHARS_MAX } from './certificate.ts';
import { HOLDERS_MAX, Inventory } from './inventory.ts';
import { Memory } from './memory.ts';
import { Bench, DAY, HOUR, LISTS, normalized, S, T0, THREE } from './testing.ts';

const RULES = load(THREE).set;
const TITLE = 'Certificate expires in 7 days with no renewal attempt';
const bench = (): Bench => new Bench(RULES);
type Fields = Readonly<Record<string, FieldValue>>;
const cert = (serial: string, end: number, more: Fields = {}): Fields => ({
  'event.action': 'certificate_issued',
  'event.outcome': 'success',
  'x509.subject.common_name': 'shop.example.org',
  'x509.alternative_names': ['shop.example.org', 'www.shop.example.org'],
  'x509.issuer.common_name': 'Example Issuing CA 1',
  'x509.serial_number': serial,
  'x509.not_before': T0,
  'x509.not_after': end,
  ...more,
});
const expiring = (b: Bench): string[] =>
  b.list.filter((a) => a.ruleTitle === TITLE).map((a) => a.key[0] ?? '');
const END = T0 + 90 * DAY;

test('fires once, when seven days are left, and says which certificate, when and what is missing', () => {
  const b = bench().event({
    at: T0,
    fields: cert('A1', END, { 'service.name': 'shop', 'certificate.requester': 'anna' }),
  });
  b.until(T0 + DAY, END - 7 * DAY, 12 * HOUR);
  assert.deepEqual(expiring(b), []);
  b.tick(END - 7 * DAY + 61 * S + S);
  assert.deepEqual(expiring(b), ['x509.serial_number=A1']);
  const [a] = b.list;
  assert.equal(a?.severity, 'high');
  assert.equal(
    a?.sentence,
    'The certificate for shop.example.org, www.shop.example.org (serial A1, issued by Example Issuing CA 1) on shop expires in 6 days, on 2026-06-03 14:00 UTC, and nobody has tried to renew it in the last 30 days; it was requested by anna',
  );
  assert.deepEqual(a?.nextSteps, ['Page certificate owner — imminent outage risk']);
  assert.ok(a?.entities.includes('cert:A1') && a.entities.includes('domain:shop.example.org'));
  assert.equal(a?.openedAt, END - 7 * DAY + 62 * S, 'opened by the tick');
  assert.equal(a?.firstSeen, END - 7 * DAY + 62 * S);
  assert.equal(a?.events[0]?.ts, T0, 'and shows the event that the certificate is known from');
  b.until(END - 6 * DAY, END + 10 * DAY);
  assert.equal(b.list.length, 1);
  assert.equal(b.changes.filter((c) => c.kind === 'opened').length, 1);
});

test('a renewal, a failed one, or a request within thirty days is an attempt; an older one is none', () => {
  const attempts: Fields[] = [
    { 'event.action': 'certificate_renewed', 'x509.serial_number': 'A1' },
    { 'event.action': 'certificate_renewal_failed', 'x509.subject.common_name': 'shop.example.org' },
    {
      'event.action': 'certificate_requested',
      'x509.alternative_names': ['www.shop.example.org', 'shop.example.org'],
    },
  ];
  for (const fields of attempts) {
    const near = bench().event({ at: T0, fields: cert('A1', END) });
    near.event({ at: END - 20 * DAY, fields }).until(END - 19 * DAY, END + DAY);
    assert.deepEqual(expiring(near), [], JSON.stringify(fields));
    const far = bench().event({ at: T0, fields: cert('A1', END) });
    far.event({ at: END - 40 * DAY, fields }).until(END - 39 * DAY, END + DAY);
    assert.equal(expiring(far).length, 1, JSON.stringify(fields));
  }
  const other = bench().event({ at: T0, fields: cert('A1', END) });
  other
    .event({
      at: END - 20 * DAY,
      fields: { 'event.action': 'certificate_renewed', 'x509.subject.common_name': 'other.example.org' },
    })
    .until(END - 19 * DAY, END);
  assert.equal(expiring(other).length, 1, 'a renewal of another certificate');
});

test('an attempt that leaves the thirty days while the certificate runs out: then', () => {
  const b = bench().event({ at: T0, fields: cert('A1', END) });
  b.event({
    at: END - 34 * DAY,
    fields: { 'event.action': 'certificate_renewal_failed', 'x509.serial_number': 'A1' },
  });
  b.until(END - 33 * DAY, END - 4 * DAY);
  assert.deepEqual(expiring(b), []);
  b.until(END - 4 * DAY, END - 3 * DAY);
  assert.equal(expiring(b).length, 1);
});

test('a new serial for the same names is a renewal: the old one is out, and the new one was renewed just now', () => {
  const b = bench().event({ at: T0, fields: cert('A1', END) });
  b.event({
    at: END - 10 * DAY,
    fields: cert('A2', END + 80 * DAY, {
      'event.action': 'certificate_imported',
      'x509.not_before': END - 10 * DAY,
    }),
  });
  b.until(END - 9 * DAY, END + DAY);
  assert.deepEqual(expiring(b), []);
  b.until(END + 70 * DAY, END + 80 * DAY);
  assert.deepEqual(expiring(b), ['x509.serial_number=A2'], 'and runs out itself');
  // Certificates of a day, each replaced by the next, until nobody does.
  const daily = bench();
  for (let d = 0; d < 40; d++)
    daily
      .event({
        at: T0 + d * DAY,
        fields: cert(`D${d}`, T0 + (d + 1) * DAY + HOUR, { 'x509.not_before': T0 + d * DAY }),
      })
      .until(T0 + d * DAY + 300 * S, T0 + (d + 1) * DAY - HOUR, 6 * HOUR);
  assert.deepEqual(expiring(daily), ['x509.serial_number=D0'], 'only the first, which replaced none');
  // The last one, once four fifths of its day are over.
  daily.until(T0 + 40 * DAY - HOUR, T0 + 40 * DAY);
  assert.deepEqual(expiring(daily), ['x509.serial_number=D0', 'x509.serial_number=D39']);
});

test('one of thirty days whose renewals stop; the request that led to a certificate is no attempt to renew it', () => {
  const b = bench();
  const ask = (at: number) =>
    b.event({
      at,
      fields: {
        'event.action': 'certificate_requested',
        'x509.alternative_names': ['www.shop.example.org', 'shop.example.org'],
      },
    });
  ask(T0 - S).event({ at: T0, fields: cert('M1', T0 + 30 * DAY) });
  b.until(T0, T0 + 20 * DAY);
  ask(T0 + 20 * DAY - S).event({
    at: T0 + 20 * DAY,
    fields: cert('M2', T0 + 50 * DAY, { 'x509.not_before': T0 + 20 * DAY }),
  });
  b.until(T0 + 20 * DAY, T0 + 43 * DAY);
  assert.deepEqual(expiring(b), []);
  b.until(T0 + 43 * DAY, T0 + 50 * DAY);
  assert.deepEqual(expiring(b), ['x509.serial_number=M2']);
  const first = bench();
  first
    .event({
      at: T0 - S,
      fields: {
        'event.action': 'certificate_requested',
        'x509.alternative_names': ['www.shop.example.org', 'shop.example.org'],
      },
    })
    .event({ at: T0, fields: cert('F1', T0 + 30 * DAY) });
  assert.deepEqual(expiring(first.until(T0, T0 + 30 * DAY)), ['x509.serial_number=F1']);
});

test('revoked, deleted, superseded and expired ones are out', () => {
  for (const fields of [
    { 'event.action': 'certificate_revoked', 'event.outcome': 'success', 'x509.serial_number': 'A1' },
    { 'event.action': 'certificate_deleted', 'x509.serial_number': 'A1' },
    {
      'event.action': 'certificate_renewed',
      'x509.serial_number': 'B9',
      'certificate.previous_serial': 'A1',
      'x509.not_after': END + 90 * DAY,
    },
  ] satisfies Fields[]) {
    const b = bench().event({ at: T0, fields: cert('A1', END) });
    b.event({ at: T0 + DAY, fields }).until(END - 8 * DAY, END);
    assert.deepEqual(expiring(b), [], JSON.stringify(fields));
  }
  const failed = bench().event({ at: T0, fields: cert('A1', END) });
  failed.event({
    at: T0 + DAY,
    fields: { 'event.action': 'certificate_revoked', 'event.outcome': 'failure', 'x509.serial_number': 'A1' },
  });
  assert.equal(expiring(failed.until(END - 8 * DAY, END)).length, 1, 'a revocation that failed');
  const over = bench().event({ at: T0, fields: cert('A1', T0 - DAY) });
  assert.deepEqual(expiring(over.until(T0, T0 + 10 * DAY)), []);
});

test('history of less than thirty days is said', () => {
  const b = bench().event({ at: T0, fields: cert('A1', T0 + 3 * DAY) });
  b.tick(T0 + 120 * S);
  assert.match(b.list[0]?.sentence ?? '', /\(history since 2026-03-05: 0 of 30 days\)$/);
  const later = bench()
    .event({ at: T0, fields: cert('A1', T0 + 19 * DAY) })
    .until(T0, T0 + 13 * DAY);
  assert.match(later.list[0]?.sentence ?? '', /\(history since 2026-03-05: 12 of 30 days\)$/);
});

test('what was merely seen counts where it names a domain of ours or is served here', () => {
  const seen = (more: Fields): Fields =>
    cert('A1', END, { 'event.action': 'certificate_observed', 'event.outcome': 'success', ...more });
  const fires = (more: Fields): number =>
    expiring(
      bench()
        .event({ at: T0, fields: seen(more) })
        .until(END - 8 * DAY, END),
    ).length;
  assert.equal(fires({}), 0, "somebody else's");
  assert.equal(fires({ 'x509.alternative_names': ['vpn.example.com'] }), 1);
  assert.equal(fires({ 'network.direction': 'internal' }), 1);
  // Without the list nothing is monitored, and the rule is in force all the same.
  const none = new Bench(load(THREE.slice(THREE.indexOf('# Rule: Certificate expiry'))).set, new Map());
  none.event({ at: T0, fields: seen({ 'x509.alternative_names': ['vpn.example.com'] }) });
  none.event({
    at: T0,
    fields: cert('B2', END, { 'x509.alternative_names': [], 'x509.subject.common_name': 'b.example.org' }),
  });
  assert.deepEqual(expiring(none.until(END - 8 * DAY, END)), ['x509.serial_number=B2']);
});

test('one certificate from several sources is one; a store that knows days only is good enough', () => {
  const b = bench();
  b.event({
    at: T0,
    fields: cert('A1', END, { 'x509.issuer.common_name': null, 'certificate.authority': 'pki_int' }),
  });
  b.event({
    at: T0 + HOUR,
    fields: cert('A1', END, {
      'event.action': 'certificate_observed',
      'network.direction': 'inbound',
      'destination.domain': 'shop.example.org',
      'destination.port': 443,
    }),
  });
  b.event({
    at: END - 20 * DAY,
    fields: {
      'event.action': 'certificate_expiring',
      'certificate.id': 'arn:x',
      'x509.subject.common_name': 'shop.example.org',
      'certificate.days_left': 20,
    },
  });
  b.until(END - 8 * DAY, END);
  assert.equal(expiring(b).length, 1);
  assert.match(
    b.list[0]?.sentence ?? '',
    /serial A1, issued by Example Issuing CA 1|serial A1, issued by pki_int/,
  );
  assert.match(b.list[0]?.sentence ?? '', / on shop\.example\.org:443 /);
  const rough = bench().event({
    at: T0,
    fields: {
      'event.action': 'certificate_expiring',
      'certificate.id': 'arn:y',
      'x509.subject.common_name': 'old.example.org',
      'certificate.days_left': 12,
    },
  });
  rough.until(T0, T0 + 4 * DAY);
  assert.equal(rough.list.length, 0);
  rough.until(T0 + 4 * DAY, T0 + 6 * DAY);
  assert.deepEqual(
    rough.list.map((a) => a.key),
    [['certificate.id=arn:y']],
  );
  assert.match(rough.list[0]?.sentence ?? '', /expires around in 6 days|expires around/);
});

test('tenants and lanes have inventories of their own; a snapshot keeps them', () => {
  const b = bench().event({ at: T0, fields: cert('A1', END) });
  b.event({
    at: END - 20 * DAY,
    fields: { 'event.action': 'certificate_renewed', 'x509.serial_number': 'A1' },
    tenant: 'other',
  });
  b.event({
    at: END - 20 * DAY,
    fields: { 'event.action': 'certificate_renewed', 'x509.serial_number': 'A1' },
    origin: 'import',
  });
  b.restart().until(END - 8 * DAY, END - 6 * DAY);
  assert.equal(expiring(b).length, 1);
  b.restart().until(END - 6 * DAY, END);
  assert.equal(b.changes.filter((c) => c.kind === 'opened').length, 1, 'not again after a restart');
});

test('a rule edited while Vigil was down looks at the certificates that were known', () => {
  const b = bench()
    .event({ at: T0, fields: cert('A1', END) })
    .tick(T0 + DAY);
  b.restart(load(THREE.replace('renewal_event for', 'event.action:certificate_renewed for')).set);
  b.until(T0 + 2 * DAY, END - DAY);
  assert.deepEqual(expiring(b), ['x509.serial_number=A1']);
});

const SEEN = bench().matched(normalized({ at: T0, fields: {} }), { at: T0 });
const seen = (i: number, more: Fields): MatchedEvent => ({
  ...SEEN,
  fields: Object.entries(cert(`S${i}`, END + i, more)),
});

test('what is kept of one certificate and of all is bounded in characters too', () => {
  const names = Array.from({ length: 100 }, (_, i) => `${i}.${'x'.repeat(200)}.example.org`);
  const long = 'y'.repeat(60_000);
  const b = bench().event({
    at: T0,
    fields: cert('A1', END, {
      'x509.alternative_names': ['a.example.org', `${'z'.repeat(300)}.example.org`, ...names],
      'certificate.id': long,
      'certificate.requester': long,
      'service.name': long,
    }),
  });
  const [kept] = [...([...b.detection.certificates()][0]?.all() ?? [])];
  assert.ok(kept?.names.includes(`0.${'x'.repeat(200)}.example.org`));
  assert.ok((kept?.names.join('').length ?? 0) <= NAMES_CHARS_MAX, 'names');
  assert.ok(
    kept?.names.every((n) => n.length <= 253),
    'no name is longer than names are',
  );
  const { memory } = JSON.parse(new TextDecoder().decode(b.detection.snapshot())) as {
    memory: { events: unknown };
  };
  const size = JSON.stringify({ ...memory, events: [] }).length;
  assert.ok(size < 20_000, `${size} characters of state beside the events`);
  const all = new Inventory('default', 'live');
  for (let i = 0; i < 100; i++)
    all.update(seen(i, { 'x509.alternative_names': names.map((n) => `${i}.${n}`) }));
  const before = all.chars;
  assert.ok(before > 100 * 3000, `${before}`);
  while (all.chars > before / 2) all.evict();
  assert.ok(all.size > 40 && all.size < 60 && all.evicted === 100 - all.size, `${all.size}`);
});

test('over all tenants the inventory that holds most gives way', () => {
  const memory = new Memory(RULES, LISTS, { certificateCharsMax: 4000 });
  const rules = RULES.rules.flatMap((r) => (r.partOf === undefined ? [] : [r.id]));
  const put = (i: number, tenant: string) =>
    memory.apply({ ...seen(i, { 'x509.alternative_names': [`h${i}.example.org`] }), tenant, rules }, 1, []);
  put(1, 'small');
  for (let i = 2; i < 30; i++) put(i, 'large');
  assert.deepEqual(
    [...memory.inventories()].map((i) => [i.tenant, i.size < 10, i.evicted > 0]),
    [
      ['small', true, false],
      ['large', true, true],
    ],
  );
});

test('many certificates under one common name are told apart without looking at each', () => {
  const inv = new Inventory('default', 'live');
  const n = 5000;
  const one = (i: number) => seen(i, { 'x509.alternative_names': [`h${i}.example.org`] });
  for (let i = 0; i < n; i++) inv.update(one(i));
  assert.equal(inv.size, n);
  assert.equal(inv.about(['name shop.example.org']).length, HOLDERS_MAX);
  const renewed = inv.update(seen(n + 7, { 'x509.alternative_names': ['h7.example.org'] }));
  assert.equal(renewed.renewal?.serial, `S${n + 7}`, 'whose names are the same is found among them all');
  const from = performance.now();
  for (let i = 0; i < 200; i++) inv.update(one(2 * n + i));
  assert.ok(performance.now() - from < 200, 'a millisecond each');
});

test('a sender that is catching up is waited for, up to six hours', () => {
  const b = bench().event({ at: T0, fields: cert('A1', END) });
  const now = END - 7 * DAY + 600 * S;
  const old = {
    fields: { 'event.action': 'certificate_status_checked', 'x509.serial_number': 'Z' },
    sender: 'relay',
  };
  b.event({ ...old, at: now - 2 * HOUR, ingested: now }).tick(now + S);
  assert.deepEqual(expiring(b), [], 'its renewal may still be on the way');
  b.event({
    at: now - HOUR,
    ingested: now + 60 * S,
    sender: 'relay',
    fields: { 'event.action': 'certificate_renewed', 'x509.serial_number': 'A1' },
  });
  b.until(now + 120 * S, END, HOUR);
  assert.deepEqual(expiring(b), []);
  const never = bench().event({ at: T0, fields: cert('A1', END) });
  never.event({ ...old, at: now - 300 * DAY, ingested: now }).tick(now + S);
  assert.equal(expiring(never).length, 1, 'a host that lives in another year keeps nobody waiting');
});

test('lists as they are, and the first rule beside it', () => {
  const b = new Bench(RULES, LISTS);
  b.event({
    at: T0,
    fields: cert('C1', END, {
      'x509.alternative_names': ['login.example.com'],
      'x509.issuer.common_name': 'Cheap CA',
    }),
  });
  assert.deepEqual(
    b.list.map((a) => [a.severity, a.sentence]),
    [
      [
        'critical',
        'Certificate for shop.example.org issued by Cheap CA, which is no approved CA (expected: Example Issuing CA 1) (serial C1)',
      ],
    ],
  );
});
