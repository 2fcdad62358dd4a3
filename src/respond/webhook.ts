/**
 * Webhook: POSTs a notification as JSON, signed.
 *
 * `X-Vigil-Signature: t=<unix seconds>,v1=<hex HMAC-SHA-256 of "t.body" with the shared secret>`; `Idempotency-Key` is
 * the notification's id: the same for every repeat. Success is a 2xx answer. Texts are `printable`, and what could move
 * a cursor or turn text around stands as `\uXXXX` even where the value is kept exactly (entities, key, hosts).
 *
 * Held by `webhook.int.test.ts`.
 */
import { createHash, createHmac } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';
import { type Channel, isoTime, line, lines, type Notice } from './notice.ts';
import { type OutboundOptions, parseTarget, post } from './outbound.ts';

export const SENTENCE_CHARS_MAX = 2000;
const TEXT_CHARS_MAX = 500;
const VALUE_CHARS_MAX = 1000;
const VALUES_MAX = 64;

export type WebhookOptions = OutboundOptions & {
  readonly url: string;
  readonly secret: string;
  /** Microseconds. */
  readonly nowUs: () => number;
};

export function openWebhook(o: WebhookOptions): Result<Channel> {
  const target = parseTarget(o.url);
  if (!target.ok) return err(`notify.webhook.url: ${target.error}`);
  if (o.secret === '') return err('notify.webhook.secret is empty; a webhook must be signed');
  return ok({
    name: 'webhook',
    async send(notice, signal) {
      const body = webhookBody(notice);
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'vigil',
        'idempotency-key': headerId(notice.id),
        'x-vigil-signature': signature(o.secret, Math.floor(o.nowUs() / 1_000_000), body),
      };
      const answer = await post({ url: o.url, headers, body, signal }, o);
      if (!answer.ok) return answer;
      const { status } = answer.value;
      if (status >= 200 && status < 300) return ok(undefined);
      if (status >= 300 && status < 400) {
        return err(`the webhook answered ${status}: redirects are not followed; set its final URL`);
      }
      return err(`the webhook answered ${status}`);
    },
  });
}

/** `t` in unix seconds. */
export const signature = (secret: string, t: number, body: string): string =>
  `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;

export function webhookBody(n: Notice): string {
  const a = n.alert;
  const body = {
    version: 1,
    notification: n.id,
    event: n.event,
    alert: a.id,
    tenant: a.tenant,
    link: n.link,
    sentence: line(a.sentence, SENTENCE_CHARS_MAX),
    severity: a.severity,
    rule: a.rule,
    ruleTitle: line(a.ruleTitle, TEXT_CHARS_MAX),
    attack: lines(a.attack, TEXT_CHARS_MAX),
    key: exact(a.key),
    entities: exact(a.entities),
    hosts: exact(a.hosts),
    hostCount: a.hostCount,
    count: a.count,
    firstSeen: isoTime(a.firstSeen),
    lastSeen: isoTime(a.lastSeen),
    nextSteps: lines(a.nextSteps, TEXT_CHARS_MAX),
  };
  return JSON.stringify(body).replace(/[\u007f-\uffff]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const exact = (values: readonly string[]): string[] =>
  values.slice(0, VALUES_MAX).map((v) => String(v).slice(0, VALUE_CHARS_MAX));

/** A header value of visible ASCII whatever the id is. */
const headerId = (id: string): string =>
  /^[\x21-\x7e]{1,200}$/.test(id) ? id : createHash('sha256').update(id).digest('hex');
