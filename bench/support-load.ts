/**
 * The load generator, a process of its own so that its CPU is not Vigil's: the mixed lane over TCP syslog (octet
 * counting, RFC 6587) and HTTP (NDJSON requests, each waited for). Driven by messages from its parent:
 *
 *   {go, seconds, rate}   send for that long, `rate` records a second or, with 0, as fast as Vigil keeps up: sending
 *                         stops while more than BACKLOG_MAX records are on their way (the parent tells `pending`)
 *
 * It answers `sent` when all is written and acknowledged. One lane for the life of the process: no line is repeated.
 */
import { connect, type Socket } from 'node:net';
import { laneLines, octetFrame } from './lane.ts';

export type LoadOptions = {
  readonly syslogPort: number;
  readonly url: string;
  readonly token: string;
  readonly door: 'tcp' | 'http' | 'both';
  readonly seed: number;
  readonly perSecond: number;
  readonly alertingShare?: number;
};
export type ToLoad =
  | { readonly kind: 'go'; readonly seconds: number; readonly rate: number }
  | { readonly kind: 'pending'; readonly n: number };
export type Sent = {
  readonly kind: 'sent';
  readonly records: number;
  readonly bytes: number;
  readonly tcp: number;
  readonly http: number;
  /** HTTP answers other than 200; such requests are sent again. */
  readonly refused: number;
  /** Round trip of an HTTP request up to its acknowledgement, milliseconds. */
  readonly httpP50: number;
  readonly httpP99: number;
};
export type FromLoad = Sent | { readonly kind: 'ready' };

const CONNECTIONS = 4;
const REQUESTS_AT_ONCE = 2;
const TCP_BATCH = 200;
const HTTP_BATCH = 500;
export const BACKLOG_MAX = 60_000;
/** Lines that may wait in a socket's buffer here. */
const SOCKET_BYTES_MAX = 1024 * 1024;

const o = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
const say = (m: FromLoad): void => void process.send?.(m);
const sleep = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));

const lane = laneLines({
  seed: o.seed,
  count: Number.POSITIVE_INFINITY,
  fromUs: Date.now() * 1000,
  perSecond: o.perSecond,
  ...(o.alertingShare === undefined ? {} : { alertingShare: o.alertingShare }),
});
const take = (n: number): Buffer[] => {
  const out: Buffer[] = [];
  for (let i = 0; i < n; i++) out.push(Buffer.from(lane.next().value as string));
  return out;
};

let pending = 0;
let tcp = 0;
let http = 0;
let bytes = 0;
let refused = 0;
let requests = 0;
let took: number[] = [];

const open = (): Promise<Socket> =>
  new Promise((done, failed) => {
    const s = connect(o.syslogPort, '127.0.0.1', () => done(s));
    s.once('error', failed);
  });
const sockets = o.door === 'http' ? [] : await Promise.all(Array.from({ length: CONNECTIONS }, open));
/** A stream's first message must begin with `<PRI>` so that its count is believed. */
const begun = new Set<Socket>();
let turn = 0;

function sendTcp(n: number): void {
  const socket = sockets[turn++ % sockets.length] as Socket;
  const records = take(n);
  if (!begun.has(socket)) {
    const first = records.findIndex((r) => r[0] === 0x3c);
    if (first > 0) records.unshift(...records.splice(first, 1));
    begun.add(socket);
  }
  for (const r of records) bytes += r.length;
  tcp += n;
  socket.write(Buffer.concat(records.map(octetFrame)));
}
const queued = (): number => sockets.reduce((n, s) => n + s.writableLength, 0);

async function sendHttp(n: number): Promise<void> {
  requests++;
  http += n;
  const records = take(n);
  for (const r of records) bytes += r.length;
  const body = new Uint8Array(Buffer.concat(records.flatMap((r) => [r, Buffer.from('\n')])));
  const from = performance.now();
  for (;;) {
    const r = await fetch(`${o.url}/api/v1/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${o.token}`, 'content-type': 'application/x-ndjson' },
      body,
    });
    await r.arrayBuffer();
    if (r.status === 200) break;
    if (r.status !== 503) throw new Error(`ingest answered ${r.status}`);
    refused++;
    await sleep(200);
  }
  took.push(performance.now() - from);
  requests--;
}

async function go(seconds: number, rate: number): Promise<void> {
  tcp = http = bytes = refused = 0;
  took = [];
  const start = performance.now();
  const share = rate === 0 ? 1 : Math.min(1, rate / 10_000);
  const tcpBatch = Math.max(10, Math.round(TCP_BATCH * share));
  const httpBatch = Math.max(10, Math.round(HTTP_BATCH * share));
  for (;;) {
    const at = performance.now() - start;
    if (at >= seconds * 1000) break;
    const due = rate === 0 ? Number.POSITIVE_INFINITY : (rate * at) / 1000;
    if (tcp + http >= due || (rate === 0 && pending > BACKLOG_MAX)) {
      await sleep(5);
      continue;
    }
    const tcpReady = o.door !== 'http' && queued() < SOCKET_BYTES_MAX;
    const httpReady = o.door !== 'tcp' && requests < REQUESTS_AT_ONCE;
    const tcpNext = o.door === 'tcp' || (o.door === 'both' && tcp <= http);
    if (tcpNext ? tcpReady : httpReady) {
      if (tcpNext) sendTcp(tcpBatch);
      else void sendHttp(httpBatch);
      // Lets sockets and answers in between.
      await new Promise((r) => setImmediate(r));
    } else await sleep(1);
  }
  while (requests > 0 || queued() > 0) await sleep(2);
  took.sort((a, b) => a - b);
  const at = (p: number): number => took[Math.min(took.length - 1, Math.floor(took.length * p))] ?? 0;
  say({
    kind: 'sent',
    records: tcp + http,
    bytes,
    tcp,
    http,
    refused,
    httpP50: at(0.5),
    httpP99: at(0.99),
  });
}

process.on('message', (m: ToLoad) => {
  if (m.kind === 'pending') pending = m.n;
  else void go(m.seconds, m.rate);
});
process.on('disconnect', () => process.exit(0));
say({ kind: 'ready' });
