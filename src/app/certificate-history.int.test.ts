/** The three certificate rules over stored events: what they would have said, by the engine that judges history. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LISTS, THREE } from '../detect/memory/testing.ts';
import { runHistory } from '../history/run.ts';
import { openRig, send, testContent, testMeta } from '../pipeline/fixture.ts';

const DAY = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();

test('issued by an unexpected CA, about to expire, requested too often', async () => {
  const rig = await openRig(undefined, { content: testContent([]) });
  try {
    const now = Date.now();
    const pki = (type: string, at: number, more: object, certificate: object): string =>
      JSON.stringify({ event_type: type, timestamp: iso(at), system: 'pki-portal', ...more, certificate });
    const issued = (serial: string, name: string, ca: string, days: number): string =>
      pki(
        'certificate_issued',
        now - DAY,
        {},
        { serial_number: serial, common_name: name, issuer: `CN=${ca}`, not_after: iso(now + days * DAY) },
      );
    const lines = [
      issued('A1', 'login.example.com', 'Cheap CA', 90),
      issued('B2', 'shop.example.com', 'Example Issuing CA 1', 90),
      issued('C3', 'old.example.org', 'Example Issuing CA 1', 3),
      issued('D4', 'tried.example.org', 'Example Issuing CA 1', 3),
      pki(
        'certificate_renewal_failed',
        now - 3600_000,
        { service: 'x' },
        { common_name: 'tried.example.org' },
      ),
    ];
    const ask = (at: number): string =>
      pki('certificate_requested', at, { requester: 'acme-account-7' }, { common_name: 'a.example.org' });
    for (let h = 16 * 24; h > 24; h -= 2) lines.push(ask(now - h * 3600_000));
    for (let i = 0; i < 12; i++) lines.push(ask(now - 20 * 3600_000 + i * 1000));
    // An import: three weeks received at once.
    send(rig, lines.slice(5), testMeta({ door: 'http', format: '', origin: 'import' }));
    send(rig, lines.slice(0, 5), testMeta({ door: 'http', format: '' }));
    assert.ok(await rig.pipeline.stored(20_000));
    const r = await runHistory({
      ask: (sql, params, options) => rig.store.query(sql, params, options),
      rules: testContent([THREE]).rules,
      lists: [{ from: 0, lists: LISTS }],
      scope: { tenants: ['default'] },
      from: (now - 30 * DAY) * 1000,
      to: (now + DAY) * 1000,
      // The sender's events are an hour old: it is waited for until it has been quiet for five minutes.
      judgedAt: (Date.now() + 600_000) * 1000,
    });
    assert.deepEqual(r.problems, []);
    assert.deepEqual(r.alerts.map((a) => [a.ruleTitle, a.origin, a.key[0]]).sort(), [
      ['Certificate expires in 7 days with no renewal attempt', 'live', 'x509.serial_number=C3'],
      [
        'Certificate issued for monitored domain by unexpected CA',
        'live',
        'x509.subject.common_name=login.example.com',
      ],
      ['Unusual certificate request volume', 'retro', 'certificate.requester=acme-account-7'],
    ]);
  } finally {
    await rig.close();
  }
});
