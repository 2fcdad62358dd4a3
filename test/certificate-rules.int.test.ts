/**
 * The three certificate rules, as shipped, on raw lines of the sources that speak of certificates: Vault, Zeek, AWS, AD CS,
 * transparency logs, a PKI's own JSON. Through the real normaliser, the compiled rules and the detection.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Detection } from '../src/alert/detection.ts';
import type { Lists } from '../src/condition/tree.ts';
import { loadRules } from '../src/detect/load.ts';
import { type CompiledRules, compileRules } from '../src/detect/matcher.ts';
import type { RuleSet } from '../src/detect/rule.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';
import type { Alert, AlertChange } from '../src/model/alert.ts';
import { type RecordMeta, TEST_RECORD } from '../src/model/record.ts';
import { makeNormalizer, type Normalizer } from '../src/normalize/normalize.ts';
import { loadSources } from '../src/normalize/registry.ts';

const CONTENT = join(import.meta.dirname, '../content');
const LISTS: Lists = new Map([
  ['monitored_domains', { kind: 'domain', values: ['example.com'] }],
  ['approved_cas', { kind: 'issuer', values: ['Example Issuing CA 1', 'pki_int'] }],
]);
const UNEXPECTED = 'Certificate issued for monitored domain by unexpected CA';
const SEEN = 'Certificate for a domain of ours from an unexpected CA';
const EXPIRES = 'Certificate expires in 7 days with no renewal attempt';
const VOLUME = 'Unusual certificate request volume';
const DAY = 86_400e6;
const META: RecordMeta = { ...TEST_RECORD, door: 'http', sender: '192.0.2.7' };
let normalize: Normalizer;
let set: RuleSet;
let rules: CompiledRules;

before(async () => {
  normalize = makeNormalizer(await loadSources(join(CONTENT, 'sources')), {
    hostZone: 'UTC',
    hostName: 'test',
  });
  const loaded = loadRules([join(CONTENT, 'rules', 'certificate')], {
    taxonomy: readTaxonomy(join(CONTENT, 'taxonomy')),
  });
  assert.deepEqual(loaded.problems, []);
  set = loaded.set;
  rules = compileRules(set, LISTS);
  assert.deepEqual(rules.problems, []);
});

const us = (iso: string): number => Date.parse(iso) * 1000;

class Play {
  readonly #d = new Detection(set, { lists: LISTS });
  readonly #alerts = new Map<string, Alert>();
  #ord = 0;
  #now = 0;

  line(at: number, text: string): this {
    this.#now = at;
    const e = normalize(Buffer.from(text), META, at);
    const met = rules.match(e);
    const id = { node: 1, batch: 1, ord: this.#ord++ };
    const matched = {
      id,
      tenant: 'default',
      origin: 'live',
      door: META.door,
      sender: META.sender,
      source: e.source,
      ts: e.ts,
      ingested: at,
      rules: met,
      fields: [...e.fields.entries()],
      entities: e.entities,
    } as const;
    if (met.length > 0) this.#took(this.#d.apply([matched]));
    this.#took(this.#d.tick(at));
    return this;
  }
  /** Time passes, an hour at a time. */
  until(to: number): this {
    for (let t = this.#now; t <= to; t += 3600e6) this.#took(this.#d.tick(t));
    this.#now = to;
    return this;
  }
  #took(changes: readonly AlertChange[]): void {
    for (const c of changes) this.#alerts.set(c.alert.id, c.alert);
  }
  of(title: string): Alert[] {
    return [...this.#alerts.values()].filter((a) => a.ruleTitle === title);
  }
}

const vault = (
  at: number,
  o: { mount?: string; name?: string; serial?: string; days?: number; user?: string; response?: boolean },
): string =>
  JSON.stringify({
    time: new Date(at / 1000).toISOString(),
    type: o.response === false ? 'request' : 'response',
    auth: {
      display_name: o.user ?? 'approle-web',
      entity_id: 'ent-1',
      policies: ['pki'],
      token_type: 'service',
    },
    request: {
      id: 'r-1',
      operation: 'update',
      mount_type: 'pki',
      mount_point: `${o.mount ?? 'pki_int'}/`,
      path: `${o.mount ?? 'pki_int'}/issue/web`,
      data: { common_name: o.name ?? 'shop.example.com', alt_names: 'www.shop.example.com', ttl: '2160h' },
      remote_address: '10.6.8.34',
    },
    ...(o.response === false
      ? {}
      : {
          response: {
            mount_type: 'pki',
            data: {
              serial_number: o.serial ?? '0a:1b:2c',
              expiration: Math.floor((at + (o.days ?? 90) * DAY) / 1e6),
            },
          },
        }),
  });
const zeek = (
  at: number,
  o: { serial: string; from: number; to: number; issuer?: string; name?: string },
): string =>
  JSON.stringify({
    ts: at / 1e6,
    id: `F${o.serial}`,
    'certificate.version': 3,
    'certificate.serial': o.serial,
    'certificate.subject': `CN=${o.name ?? 'shop.example.com'}`,
    'certificate.issuer': `CN=${o.issuer ?? 'Example Issuing CA 1'},O=Example Trust,C=NO`,
    'certificate.not_valid_before': o.from / 1e6,
    'certificate.not_valid_after': o.to / 1e6,
    'san.dns': [o.name ?? 'shop.example.com'],
  });
const T0 = us('2026-03-05T10:00:00Z');

test('the shipped file holds the rules as they are written', () => {
  const text = readFileSync(join(CONTENT, 'rules/certificate/certificate_watch.yml'), 'utf8');
  for (const part of [
    'event.type == "certificate_issued" AND\n    event.domain IN monitored_domains AND\n    event.issuer NOT IN approved_cas\n',
    'certificate.days_to_expiry < 7 AND\n    NOT exists(renewal_event for certificate in last 30 days)\n',
    'count(certificate_requests from source in 1 hour) > 10 * baseline\n',
  ])
    assert.ok(text.includes(part), part);
});

test('issued by an unexpected CA: Vault, AD CS, a PKI; one event raises one alert', () => {
  const p = new Play();
  p.line(T0, vault(T0, { mount: 'pki_old' }));
  p.line(T0 + 1, vault(T0, { mount: 'pki_int', serial: '0f' }));
  const [a] = p.of(UNEXPECTED);
  assert.equal(a?.severity, 'critical');
  assert.equal(
    a?.sentence,
    'Certificate for shop.example.com issued by pki_old, which is no approved CA (expected: Example Issuing CA 1, pki_int), requested by approle-web (serial A1B2C)',
  );
  assert.deepEqual(a?.nextSteps, ['Investigate potential rogue CA or domain hijack']);
  assert.deepEqual(a?.key, [
    'x509.subject.common_name=shop.example.com',
    'x509.alternative_names=shop.example.com',
    'certificate.authority=pki_old',
  ]);
  assert.equal(p.of(UNEXPECTED).length + p.of(SEEN).length, 1);
  const own = new Play();
  const pki = (ca: string): string =>
    JSON.stringify({
      event_type: 'certificate.issued',
      timestamp: '2026-03-05T10:00:05Z',
      system: 'pki-portal',
      requester: 'anna.berg',
      certificate: {
        serial_number: '00:0A:FF:10',
        subject: 'CN=intern.example.org',
        sans: ['DNS:xn--bcher-kva.example.com'],
        issuer: `CN=${ca}, O=Somebody`,
        not_before: '2026-03-05T10:00:00Z',
        not_after: '2026-06-05T10:00:00Z',
      },
    });
  own.line(T0 + 5e6, pki('Cheap CA')).line(T0 + 6e6, pki('Example Issuing CA 1'));
  assert.equal(own.of(UNEXPECTED).length, 1, 'by an alternative name, in punycode');
  const adcs = new Play();
  adcs.line(
    T0,
    JSON.stringify({
      '@timestamp': '2026-03-05T10:00:00Z',
      winlog: {
        channel: 'Security',
        event_id: 4887,
        computer_name: 'ca01.corp.example.net',
        event_data: {
          RequestId: '412',
          Requester: 'CORP\\web-enroll',
          Attributes: 'CertificateTemplate:WebServer\r\nsan:dns=shop.example.com',
          Disposition: '3',
          Subject: 'CN=shop.example.com',
          SerialNumber: '00 61 0a 3f 12 00 00 00 9c',
        },
      },
    }),
  );
  assert.match(
    adcs.of(UNEXPECTED)[0]?.sentence ?? '',
    /issued by ca01\.corp\.example\.net, which is no approved CA/,
  );
});

test('seen in a transparency log or on the wire: the rule beside it', () => {
  const p = new Play();
  p.line(
    T0,
    JSON.stringify({
      message_type: 'certificate_update',
      data: {
        update_type: 'X509LogEntry',
        seen: T0 / 1e6,
        source: { url: 'ct.example.org/2026', name: 'Example CT Log 2026' },
        leaf_cert: {
          subject: { CN: 'shop.example.com' },
          issuer: { aggregated: '/C=XX/O=Unknown Trust/CN=Unknown CA 9', CN: 'Unknown CA 9' },
          serial_number: '0ABC12',
          not_before: T0 / 1e6,
          not_after: (T0 + 90 * DAY) / 1e6,
          all_domains: ['shop.example.com', '*.login.example.com'],
          fingerprint: '00:11',
        },
      },
    }),
  );
  assert.match(
    p.of(SEEN)[0]?.sentence ?? '',
    /Unknown CA 9 \(serial ABC12, expected: Example Issuing CA 1, pki_int\)$/,
  );
  assert.equal(p.of(UNEXPECTED).length, 0);
});

test('Vault issues, Zeek sees it served, nobody renews', () => {
  const p = new Play()
    .line(T0, vault(T0, { response: false }))
    .line(T0 + 5e4, vault(T0 + 5e4, { serial: '0a:1b:2c' }));
  const end = Math.floor((T0 + 5e4 + 90 * DAY) / 1e6) * 1e6;
  p.line(T0 + DAY, zeek(T0 + DAY, { serial: '0A1B2C', from: T0 - 30e6, to: end }));
  p.until(end - 7 * DAY - 3600e6);
  assert.deepEqual(p.of(EXPIRES), []);
  p.until(end);
  const [a] = p.of(EXPIRES);
  assert.equal(p.of(EXPIRES).length, 1);
  assert.match(
    a?.sentence ?? '',
    /^The certificate for shop\.example\.com, www\.shop\.example\.com \(serial A1B2C, issued by (pki_int|Example Issuing CA 1)\) expires in 6 days, on 2026-06-03 10:00 UTC, and nobody has tried to renew it in the last 30 days; it was requested by approle-web$/,
  );
  assert.deepEqual(a?.nextSteps, ['Page certificate owner — imminent outage risk']);
  const renewed = new Play().line(T0, vault(T0, {})).until(T0 + 70 * DAY);
  renewed.line(T0 + 70 * DAY, vault(T0 + 70 * DAY, { serial: '0b:0b' })).until(T0 + 95 * DAY);
  assert.deepEqual(renewed.of(EXPIRES), []);
});

test('AWS says how many days are left, and that a renewal needs somebody', () => {
  const acm = (at: number, type: string, detail: object): string =>
    JSON.stringify({
      version: '0',
      id: 'ev-1',
      'detail-type': type,
      source: 'aws.acm',
      account: '111122223333',
      time: new Date(at / 1000).toISOString(),
      region: 'eu-north-1',
      resources: ['arn:aws:acm:eu-north-1:111122223333:certificate/c-2'],
      detail,
    });
  const expiring = acm(T0, 'ACM Certificate Approaching Expiration', {
    DaysToExpiry: 12,
    CommonName: 'old.example.com',
  });
  const p = new Play().line(T0, expiring).until(T0 + 11 * DAY);
  assert.match(
    p.of(EXPIRES)[0]?.sentence ?? '',
    /^The certificate for old\.example\.com expires around in \d days/,
  );
  const tried = new Play().line(T0, expiring).until(T0 + 2 * DAY);
  tried.line(
    T0 + 2 * DAY,
    acm(T0 + 2 * DAY, 'ACM Certificate Renewal Action Required', {
      CommonName: 'old.example.com',
      Action: 'RENEWAL',
    }),
  );
  assert.deepEqual(tried.until(T0 + 12 * DAY).of(EXPIRES), []);
});

test('a certificate that was only seen on the wire, first with four days left', () => {
  const p = new Play().line(T0, zeek(T0, { serial: '0C', from: T0 - 86 * DAY, to: T0 + 4 * DAY }));
  p.until(T0 + 3600e6);
  assert.match(
    p.of(EXPIRES)[0]?.sentence ?? '',
    /expires in 3 days.*\(history since 2026-03-05: 0 of 30 days\)$/,
  );
  const foreign = new Play().line(
    T0,
    zeek(T0, { serial: '0D', from: T0 - 86 * DAY, to: T0 + 4 * DAY, name: 'www.example.org' }),
  );
  assert.deepEqual(foreign.until(T0 + 5 * DAY).of(EXPIRES), []);
});

test('requests beyond what is usual, by who asks Vault', () => {
  const p = new Play();
  const ask = (at: number, user: string): void => {
    p.line(at, vault(at, { user, name: 'a.example.com', response: false }));
  };
  for (let h = 0; h < 15 * 24; h += 6) ask(T0 + h * 3600e6, 'approle-web');
  const at = T0 + 15 * DAY;
  for (let i = 0; i < 11; i++) ask(at + i * 60e6, 'approle-web');
  const [a] = p.of(VOLUME);
  assert.equal(p.of(VOLUME).length, 1);
  assert.equal(a?.severity, 'medium');
  assert.match(
    a?.sentence ?? '',
    /^Unusual certificate request volume from requester approle-web: 11 certificate requests within 1 hour \(usual for it: at most 1\)$/,
  );
  assert.deepEqual(a?.key, ['certificate.requester=approle-web']);
});
