/**
 * Syslog over UDP (RFC 5426): one datagram, one record. UDP cannot be made to wait: when the intake is full the
 * datagram is dropped and counted `journal_full`; what the kernel drops before us is read from its own counter.
 * Held by syslog-udp.int.test.ts.
 */
import { createSocket, type Socket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import { parseIp } from '../model/ip.ts';
import type { Intake, RecordMeta } from '../model/record.ts';
import { type Door, type DoorState, metaPerSender, SENDERS_REFUSED_MAX } from './door.ts';

export type SyslogUdpOptions = {
  readonly tenant: string;
  /** Default 127.0.0.1; `::` listens on IPv6 and IPv4. */
  readonly host?: string;
  /** Default 5514; 0 takes a free port. */
  readonly port?: number;
  readonly zone?: string;
  readonly source?: string;
  /** Whether this peer may send; default: everyone who reaches the address. A refusal is counted `denied`. */
  readonly allow?: (peer: string) => boolean;
  /** How much was newly dropped by the kernel since the last report; called only when it is more than 0. */
  readonly onKernelDrops?: (count: number) => void;
  /** How often the kernel's counter is read, milliseconds. */
  readonly kernelDropsMs?: number;
  /** Asked of the kernel, which caps it at net.core.rmem_max. */
  readonly receiveBufferBytes?: number;
};

export const SYSLOG_PORT = 5514;
const RECEIVE_BUFFER_BYTES = 16 * 1024 * 1024;
const KERNEL_DROPS_MS = 5000;

export type SyslogUdpDoor = Door & {
  readonly port: number;
  /** Datagrams that the kernel dropped at this socket since it was opened (0 where the system does not say). */
  kernelDrops(): Promise<number>;
};

export async function openSyslogUdp(o: SyslogUdpOptions, intake: Intake, log: Log): Promise<SyslogUdpDoor> {
  const host = o.host ?? '127.0.0.1';
  const v6 = host.includes(':');
  const socket = createSocket({ type: v6 ? 'udp6' : 'udp4' });
  await bind(socket, host, o.port ?? SYSLOG_PORT);
  let failure = '';
  socket.on('error', (e) => {
    failure = errorText(e);
    log.error('udp door', { error: failure });
  });
  const buffer = enlarge(socket, o.receiveBufferBytes ?? RECEIVE_BUFFER_BYTES);
  const base: Omit<RecordMeta, 'sender'> = {
    tenant: o.tenant,
    origin: 'live',
    door: 'syslog-udp',
    token: '',
    format: 'syslog',
    source: o.source ?? '',
    zone: o.zone ?? '',
    stream: '',
  };
  const metaOf = metaPerSender(base);
  const refusedMetaOf = metaPerSender(base, SENDERS_REFUSED_MAX);
  socket.on('message', (data, from) => {
    const peer = parseIp(from.address) ?? from.address;
    const allowed = o.allow === undefined || o.allow(peer);
    take(data, allowed ? metaOf(peer) : refusedMetaOf(peer), intake, allowed);
  });

  const at = socket.address();
  const kernel = new KernelDrops(at.port, o.onKernelDrops ?? (() => {}), o.kernelDropsMs ?? KERNEL_DROPS_MS);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      // The counter goes with the socket: it is read while the socket is still there.
      void kernel.stop().then(() => socket.close(() => resolve()));
    });
    return closing;
  };
  return {
    name: 'syslog-udp',
    address: `udp://${v6 ? `[${at.address}]` : at.address}:${at.port}`,
    port: at.port,
    state: (): DoorState =>
      failure === ''
        ? { state: 'listening', note: `receive buffer ${buffer} bytes, ${kernel.seen} dropped by the kernel` }
        : { state: 'failed', note: failure },
    kernelDrops: () => kernel.read(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function take(data: Buffer, meta: RecordMeta, intake: Intake, allowed: boolean): void {
  let end = data.length;
  while (end > 0 && (data[end - 1] === 10 || data[end - 1] === 13 || data[end - 1] === 0)) end--;
  intake.received(meta, 1, end);
  if (!allowed) intake.dropped(meta, 'denied', 1);
  else if (end === 0) intake.dropped(meta, 'bad_frame', 1);
  else if (intake.offer({ meta, raw: data.subarray(0, end), pos: '' }) === 'full')
    intake.dropped(meta, 'journal_full', 1);
}

function bind(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (e) => {
      socket.close();
      reject(e);
    });
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve();
    });
  });
}

/** The kernel refuses more than its maximum on some systems: then half, and so on. */
function enlarge(socket: Socket, bytes: number): number {
  for (let want = bytes; want >= 256 * 1024; want /= 2) {
    try {
      socket.setRecvBufferSize(want);
      break;
    } catch {
      // Too much for this system: try less.
    }
  }
  return socket.getRecvBufferSize();
}

/** Follows the `drops` column of /proc/net/udp and udp6 for a local port (udp(7); Linux only). */
class KernelDrops {
  readonly #port: number;
  readonly #report: (count: number) => void;
  readonly #timer: NodeJS.Timeout;
  #seen = 0;
  #reading: Promise<number> | undefined;

  constructor(port: number, report: (count: number) => void, everyMs: number) {
    this.#port = port;
    this.#report = report;
    this.#timer = setInterval(() => void this.read(), everyMs).unref();
  }

  get seen(): number {
    return this.#seen;
  }

  read(): Promise<number> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<number> {
    let sum = 0;
    for (const file of ['/proc/net/udp', '/proc/net/udp6']) {
      const text = await readFile(file, 'latin1').catch(() => '');
      sum += dropsOfPort(text, this.#port);
    }
    const fresh = sum - this.#seen;
    if (fresh > 0) {
      this.#seen = sum;
      this.#report(fresh);
    }
    return this.#seen;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.read();
  }
}

/** Sum of the last column over the lines whose local port is `port`. Exported for its test. */
export function dropsOfPort(table: string, port: number): number {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let sum = 0;
  for (const line of table.split('\n')) {
    const cols = line.trim().split(/\s+/);
    if (cols[1]?.endsWith(hex) !== true) continue;
    const n = Number(cols[12]);
    if (Number.isSafeInteger(n)) sum += n;
  }
  return sum;
}
