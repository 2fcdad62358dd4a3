/** Mail against a local sink: headers, injection, a mute server, required TLS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNotice, HOSTILE, type Mail, smtpSink } from './respond-fixture.test.ts';
import { openSmtp, type SmtpOptions } from './smtp.ts';

const signal = AbortSignal.timeout(20_000);
const options = (port: number, change: Partial<SmtpOptions> = {}): SmtpOptions => ({
  host: '127.0.0.1',
  port,
  secure: false,
  user: '',
  password: '',
  from: 'vigil@example.com',
  to: ['soc@example.com', 'boss@example.com'],
  allowPrivate: true,
  ...change,
});

async function deliver(o: SmtpOptions, notice = aNotice()): Promise<string> {
  const channel = openSmtp(o);
  assert.ok(channel.ok);
  const r = await channel.value.send(notice, signal);
  return r.ok ? 'sent' : r.error;
}

/** Header lines unfolded (RFC 5322 2.2.3), and the body. */
function parts(data: string): { headers: string[]; body: string } {
  const cut = data.indexOf('\r\n\r\n');
  return {
    headers: data
      .slice(0, cut)
      .replace(/\r\n[ \t]+/g, ' ')
      .split('\r\n'),
    body: data.slice(cut + 4),
  };
}

test('smtp: subject, recipients, sentence, link, and the same Message-ID for a repeat', async () => {
  const mails: Mail[] = [];
  await using sink = await smtpSink(mails);
  assert.equal(await deliver(options(sink.port)), 'sent');
  assert.equal(await deliver(options(sink.port)), 'sent');
  const [first, second] = mails.map((m) => parts(m.data));
  assert.ok(first !== undefined && second !== undefined);
  const subject = first.headers.find((h) => h.startsWith('Subject:'));
  assert.equal(
    subject,
    'Subject: [Vigil] high: Brute force attack detected from 10.0.1.5 targeting SSH on 5 servers',
  );
  assert.ok(first.body.includes('https://vigil.example.com/alerts/a1'));
  assert.ok(first.body.includes('1. Block the address.'));
  const ids = [first, second].map((p) => p.headers.find((h) => h.startsWith('Message-ID:')));
  assert.equal(ids[0], ids[1]);
  assert.match(ids[0] ?? '', /<[0-9a-f]{32}@example\.com>/);
  const rcpt = mails[0]?.commands.filter((c) => c.startsWith('RCPT'));
  assert.deepEqual(rcpt, ['RCPT TO:<soc@example.com>', 'RCPT TO:<boss@example.com>']);
});

test('smtp: a hostile alert adds no header, no recipient and no second message', async () => {
  const mails: Mail[] = [];
  await using sink = await smtpSink(mails);
  const hostile = aNotice({
    sentence: HOSTILE,
    ruleTitle: HOSTILE,
    entities: [HOSTILE],
    nextSteps: [HOSTILE, 'x'.repeat(500_000)],
  });
  assert.equal(await deliver(options(sink.port)), 'sent');
  assert.equal(await deliver(options(sink.port), hostile), 'sent');
  assert.equal(mails.length, 2);
  const [plain, evil] = mails.map((m) => parts(m.data));
  const names = (p: { headers: string[] } | undefined): string[] =>
    (p?.headers ?? []).map((h) => h.slice(0, h.indexOf(':')));
  assert.deepEqual(names(evil).sort(), names(plain).sort());
  assert.equal(mails[1]?.commands.filter((c) => c.startsWith('RCPT')).length, 2);
  assert.ok((evil?.body.length ?? 0) < 50_000);
});

test('smtp: an address that is none is refused when the channel is opened', () => {
  for (const to of ['x', 'a@b\r\nBcc: c@d', 'a@b,c@d', '"x" <a@b>', '']) {
    assert.equal(openSmtp(options(25, { to: [to] })).ok, false, to);
    assert.equal(openSmtp(options(25, { from: to })).ok, false, to);
  }
});

test('smtp: a server that says nothing ends in time; a private one is refused unless allowed', async () => {
  await using mute = await smtpSink([], true);
  assert.match(await deliver(options(mute.port, { requestMs: 200 })), /too long/);
  assert.match(await deliver(options(mute.port, { allowPrivate: false })), /private address/);
});

test('smtp: with an account, no password is sent without TLS', async () => {
  const mails: Mail[] = [];
  await using sink = await smtpSink(mails);
  const answer = await deliver(options(sink.port, { user: 'u', password: 'p' }));
  assert.notEqual(answer, 'sent');
  assert.equal(mails.length, 0);
});
