/**
 * Mail: one plain-text message per notification, over SMTP. The mail server's name is resolved by the outbound client
 * and the connection goes to the checked address; TLS still checks the name. With an account TLS is required, so that no
 * password crosses the wire in the clear. Every value passes `printable`: no line of an attacker's becomes a header or
 * a second paragraph. The Message-ID comes from the notification's id and is the same for every repeat.
 *
 * Held by `smtp.int.test.ts`.
 */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import nodemailer, { type SendMailOptions } from 'nodemailer';
import { err, errorText, ok, type Result } from '../base/result.ts';
import { type Channel, isoTime, line, lines, type Notice } from './notice.ts';
import { type Address, type OutboundOptions, resolveChecked } from './outbound.ts';

/** Whole conversation with the mail server. */
export const MAIL_MS_MAX = 20_000;
const SUBJECT_CHARS_MAX = 180;
const SENTENCE_CHARS_MAX = 2000;
const VALUE_CHARS_MAX = 200;
const ENTITIES_MAX = 20;

export type SmtpOptions = OutboundOptions & {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
  readonly secure: boolean;
  readonly user: string;
  readonly password: string;
  readonly from: string;
  readonly to: readonly string[];
};

const ADDRESS = /^[^\s<>(),;:\\"[\]@]{1,64}@[^\s<>(),;:\\"[\]@]{1,255}$/;

export function openSmtp(o: SmtpOptions): Result<Channel> {
  for (const address of [o.from, ...o.to]) {
    if (!ADDRESS.test(address)) return err(`notify.smtp: '${line(address, 80)}' is no mail address`);
  }
  return ok({ name: 'smtp', send: (notice, signal) => sendMail(o, notice, signal) });
}

async function sendMail(o: SmtpOptions, n: Notice, signal: AbortSignal): Promise<Result<undefined>> {
  const addresses = await resolveChecked(o.host, o);
  if (!addresses.ok) return addresses;
  // One connection, one address: IPv4 first, since a machine without an IPv6 route often has IPv6 names.
  const address = addresses.value.find((a) => a.family === 4) ?? (addresses.value[0] as Address);
  const transport = nodemailer.createTransport({
    host: address.address,
    port: o.port,
    secure: o.secure,
    requireTLS: o.user !== '',
    ...(o.user === '' ? {} : { auth: { user: o.user, pass: o.password } }),
    tls: { ...(isIP(o.host) === 0 ? { servername: o.host } : {}), minVersion: 'TLSv1.2' },
    connectionTimeout: MAIL_MS_MAX / 2,
    greetingTimeout: MAIL_MS_MAX / 2,
    socketTimeout: MAIL_MS_MAX / 2,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const stop = AbortSignal.any([signal, AbortSignal.timeout(o.requestMs ?? MAIL_MS_MAX)]);
  const stopped = new Promise<never>((_resolve, reject) => {
    stop.addEventListener('abort', () => reject(new Error('the mail server took too long')), { once: true });
  });
  try {
    await Promise.race([transport.sendMail(mail(o, n)), stopped]);
    return ok(undefined);
  } catch (e) {
    return err(line(errorText(e), VALUE_CHARS_MAX));
  } finally {
    transport.close();
  }
}

function mail(o: SmtpOptions, n: Notice): SendMailOptions {
  const domain = o.from.slice(o.from.indexOf('@') + 1);
  const id = createHash('sha256').update(n.id).digest('hex').slice(0, 32);
  return {
    from: o.from,
    to: [...o.to],
    subject: mailSubject(n),
    text: mailText(n),
    messageId: `<${id}@${domain}>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Vigil-Notification': id },
  };
}

export function mailSubject(n: Notice): string {
  const again = n.event === 'escalated' ? 'raised to ' : '';
  return line(`[Vigil] ${again}${n.alert.severity}: ${n.alert.sentence}`, SUBJECT_CHARS_MAX);
}

export function mailText(n: Notice): string {
  const a = n.alert;
  const more = a.entities.length > ENTITIES_MAX ? ` and ${a.entities.length - ENTITIES_MAX} more` : '';
  const steps = lines(a.nextSteps, SENTENCE_CHARS_MAX).map((s, i) => `${i + 1}. ${s}`);
  const text = [
    line(a.sentence, SENTENCE_CHARS_MAX),
    '',
    `Severity:    ${a.severity}${n.event === 'escalated' ? ' (raised)' : ''}`,
    `Rule:        ${line(a.ruleTitle, VALUE_CHARS_MAX)}`,
    `Occurrences: ${a.count}`,
    `First seen:  ${isoTime(a.firstSeen)}`,
    `Last seen:   ${isoTime(a.lastSeen)}`,
    `ATT&CK:      ${lines(a.attack, VALUE_CHARS_MAX).join(', ')}`,
    `Entities:    ${lines(a.entities.slice(0, ENTITIES_MAX), VALUE_CHARS_MAX).join(', ')}${more}`,
    '',
    n.link,
    ...(steps.length === 0 ? [] : ['', 'Next steps:', ...steps]),
  ];
  return `${text.join('\n')}\n`;
}
