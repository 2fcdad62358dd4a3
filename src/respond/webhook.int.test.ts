/** The webhook against a local server: body, signature, answers. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import type { Channel } from './notice.ts';
import { aNotice, HOSTILE, httpServer, readBody } from './respond-fixture.test.ts';
import { openWebhook } from './webhook.ts';

const signal = AbortSignal.timeout(10_000);

function webhook(port: number): Channel {
  const opened = openWebhook({
    url: `http://127.0.0.1:${port}/hook?team=soc`,
    secret: 'top secret',
    allowPrivate: true,
    nowUs: () => 1_700_000_123_456_789,
  });
  assert.ok(opened.ok);
  return opened.value;
}

test('webhook: sentence, severity, entities, link; the signature covers time and body', async () => {
  const got: { headers: IncomingHttpHeaders; body: string; url: string }[] = [];
  await using server = await httpServer(async (req, res) => {
    got.push({ headers: req.headers, body: await readBody(req), url: req.url ?? '' });
    res.writeHead(204).end();
  });
  assert.deepEqual(await webhook(server.port).send(aNotice(), signal), { ok: true, value: undefined });
  const { headers, body, url } = got[0] as (typeof got)[0];
  assert.equal(url, '/hook?team=soc');
  const hmac = createHmac('sha256', 'top secret').update(`1700000123.${body}`).digest('hex');
  assert.equal(headers['x-vigil-signature'], `t=1700000123,v1=${hmac}`);
  assert.equal(headers['idempotency-key'], 'n1');
  const a = JSON.parse(body) as Record<string, unknown>;
  assert.equal(a['sentence'], 'Brute force attack detected from 10.0.1.5 targeting SSH on 5 servers');
  assert.equal(a['event'], 'opened');
  assert.equal(a['alert'], 'a1');
  assert.equal(a['severity'], 'high');
  assert.deepEqual(a['entities'], ['ip:10.0.1.5', 'host:web01']);
  assert.equal(a['link'], 'https://vigil.example.com/alerts/a1');
  assert.equal(a['firstSeen'], '2023-11-14T22:13:20.000Z');
});

test('webhook: hostile values arrive as data; a hostile id becomes a plain header', async () => {
  let body = '';
  let key = '';
  await using server = await httpServer(async (req, res) => {
    key = String(req.headers['idempotency-key']);
    body = await readBody(req);
    res.end();
  });
  const notice = { ...aNotice({ sentence: HOSTILE, entities: [HOSTILE] }), id: 'x\r\nX-Evil: 1' };
  assert.ok((await webhook(server.port).send(notice, signal)).ok);
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.deepEqual((JSON.parse(body) as { entities: string[] }).entities, [HOSTILE]);
});

test('webhook: anything but 2xx is a failure that says why', async () => {
  let status = 500;
  await using server = await httpServer((_req, res) => {
    res.writeHead(status, { location: 'http://127.0.0.1/' }).end();
  });
  for (const [s, reason] of [
    [500, /500/],
    [404, /404/],
    [302, /redirects are not followed/],
  ] as const) {
    status = s;
    const r = await webhook(server.port).send(aNotice(), signal);
    assert.match(r.ok ? 'sent' : r.error, reason);
  }
});

test('webhook: a bad URL or an empty secret is refused when it is opened', () => {
  const o = { secret: 's', allowPrivate: false, nowUs: () => 0 };
  assert.equal(openWebhook({ ...o, url: 'ftp://example.com/' }).ok, false);
  assert.equal(openWebhook({ ...o, url: 'https://u:p@example.com/' }).ok, false);
  assert.equal(openWebhook({ ...o, url: 'https://example.com/', secret: '' }).ok, false);
});
