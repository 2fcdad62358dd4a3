/** The company's own applications: ECS documents, plain JSON, a certificate portal, and key=value text over syslog. */
import { isoMicro, isoMilli } from './stamps.ts';

export const ecsRequest = (r: {
  at: number;
  host: string;
  ip: string;
  user: string;
  method: string;
  path: string;
  status: number;
  ms: number;
  trace: string;
}): string =>
  JSON.stringify({
    '@timestamp': isoMicro(r.at),
    ecs: { version: '8.11.0' },
    event: {
      kind: 'event',
      category: ['web'],
      type: ['access'],
      action: 'http_request',
      outcome: r.status < 400 ? 'success' : 'failure',
      duration: r.ms * 1_000_000,
    },
    service: { name: 'orders', version: '4.12.1' },
    host: { name: r.host },
    source: { ip: r.ip },
    user: { name: r.user },
    http: { request: { method: r.method }, response: { status_code: r.status } },
    url: { path: r.path },
    trace: { id: r.trace },
    message: `${r.method} ${r.path} ${r.status} ${r.ms}ms`,
  });

export const jobDone = (j: {
  at: number;
  host: string;
  job: string;
  rows: number;
  ms: number;
  id: string;
}): string =>
  JSON.stringify({
    time: isoMilli(j.at),
    level: 'INFO',
    msg: `job ${j.job} finished`,
    host: j.host,
    job: { name: j.job, run: j.id, rows: j.rows, took_ms: j.ms },
  });

export const portalEvent = (p: {
  at: number;
  type: string;
  who: string;
  name: string;
  serial: string;
  ca: string;
  extra?: Readonly<Record<string, unknown>>;
}): string =>
  JSON.stringify({
    event_type: p.type,
    timestamp: isoMilli(p.at),
    system: 'pki-portal',
    actor: p.who,
    requester: p.who,
    service: p.name.split('.')[0],
    certificate: {
      common_name: p.name,
      serial_number: p.serial,
      sans: [p.name],
      issuer: `CN=${p.ca}`,
    },
    ...p.extra,
  });

/** Body for the envelope `postfix/smtpd[pid]` and the like: text that has no parser of its own. */
export const mailLine = (id: string, from: string, to: string, ms: number): string =>
  `${id}: to=<${to}>, relay=local, delay=${(ms / 1000).toFixed(2)}, status=sent (delivered to mailbox), from=<${from}>`;
