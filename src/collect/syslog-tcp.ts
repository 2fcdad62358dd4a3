/**
 * Syslog over TCP (RFC 6587) and TLS (RFC 5425, TLS >= 1.2, client certificates where an authority is given).
 *
 * Bounds: connections in all and per peer (beyond them the oldest connection that never sent gives way, else the new
 * one is refused); unfinished messages of all connections together PARTIAL_BYTES_MAX (beyond it the long ones are
 * handed on cut, never lost); a connection whose records the intake does not take is paused until there is room.
 * An unterminated line is a record after `idleMs` without input or at close. Idle connections cost a socket object
 * and nothing per second. TCP keep-alive finds dead peers.
 * Held by stream-framer.prop.test.ts and syslog-tcp.int.test.ts.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import type { Intake } from '../model/record.ts';
import { type Door, type DoorState, metaPerSender } from './door.ts';
import { Connections, type Limits } from './syslog-connections.ts';
import { SYSLOG_PORT } from './syslog-udp.ts';
import { followTls, readTls, type TlsFiles } from './tls-files.ts';

export type SyslogTcpOptions = {
  readonly tenant: string;
  /** Default 127.0.0.1; `::` listens on IPv6 and IPv4. */
  readonly host?: string;
  /** Default 5514; 0 takes a free port. */
  readonly port?: number;
  readonly tls?: TlsFiles;
  readonly zone?: string;
  readonly source?: string;
  /** Whether this peer may connect; default: everyone who reaches the address. */
  readonly allow?: (peer: string) => boolean;
  readonly connectionsMax?: number;
  readonly connectionsPerPeerMax?: number;
  /** A line without terminator is handed on after this silence, milliseconds. */
  readonly idleMs?: number;
};

export const CONNECTIONS_MAX = 20_000;
export const CONNECTIONS_PER_PEER_MAX = 12_000;
const IDLE_MS = 1000;
const HANDSHAKE_MS = 10_000;
const BACKLOG = 4096;
/** File descriptors left for the rest of the process. */
const DESCRIPTORS_SPARE = 512;
/** At close, connections get this long to hand over what they have framed while the intake is full. */
const CLOSE_WAIT_MS = 2000;

export type SyslogTcpDoor = Door & {
  readonly port: number;
  connections(): { readonly open: number; readonly refused: number; readonly evicted: number };
  /** Reads key and certificate again now; false if the new pair was refused. Always true without TLS. */
  reloadTls(): Promise<boolean>;
};

export async function openSyslogTcp(o: SyslogTcpOptions, intake: Intake, log: Log): Promise<SyslogTcpDoor> {
  const name = o.tls === undefined ? 'syslog-tcp' : 'syslog-tls';
  const metaOf = metaPerSender({
    tenant: o.tenant,
    origin: 'live',
    door: name,
    token: '',
    format: 'syslog',
    source: o.source ?? '',
    zone: o.zone ?? '',
    stream: '',
  });
  const limits: Limits = {
    idleMs: o.idleMs ?? IDLE_MS,
    connectionsMax: Math.min(o.connectionsMax ?? CONNECTIONS_MAX, descriptorLimit() - DESCRIPTORS_SPARE),
    perPeerMax: o.connectionsPerPeerMax ?? CONNECTIONS_PER_PEER_MAX,
  };
  const all = new Connections(intake, metaOf, limits, o.allow ?? (() => true));
  const { server, follow } = await makeServer(o, all, log);
  const host = o.host ?? '127.0.0.1';
  let failure = '';
  await listen(server, host, o.port ?? SYSLOG_PORT).catch((e: unknown) => {
    follow?.stop();
    all.stop();
    throw e;
  });
  server.on('error', (e) => {
    failure = errorText(e);
    log.error('tcp door', { error: failure });
  });
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('bug: a TCP server without an address');
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    follow?.stop();
    closing ??= closeAll(server, all);
    return closing;
  };
  return {
    name,
    address: `${o.tls === undefined ? 'tcp' : 'tls'}://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`,
    port: at.port,
    connections: () => ({ open: all.size, refused: all.refused, evicted: all.evicted }),
    state: (): DoorState => (failure === '' ? all.state() : { state: 'failed', note: failure }),
    reloadTls: () => follow?.reload() ?? Promise.resolve(true),
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Follow = ReturnType<typeof followTls>;

async function makeServer(
  o: SyslogTcpOptions,
  all: Connections,
  log: Log,
): Promise<{ server: Server; follow: Follow | undefined }> {
  if (o.tls === undefined) {
    const server = createServer((socket) => {
      if (all.admit(socket)) all.serve(socket);
    });
    return { server, follow: undefined };
  }
  const options = await readTls(o.tls);
  const server: TlsServer = createTlsServer({ ...options, handshakeTimeout: HANDSHAKE_MS });
  // The limits count sockets, not finished handshakes.
  server.prependListener('connection', (socket: Socket) => void all.admit(socket));
  server.on('secureConnection', (socket) => all.serve(socket));
  server.on('tlsClientError', (e, socket) => {
    all.tlsFailed++;
    all.lastTlsError = errorText(e);
    socket.destroy();
  });
  const follow = followTls(o.tls, (fresh) => server.setSecureContext(fresh), log);
  return { server, follow };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

async function closeAll(server: Server, all: Connections): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await all.finish(CLOSE_WAIT_MS);
  await closed;
}

/** Linux says how many descriptors we may have; elsewhere the configured maximum stands. */
function descriptorLimit(): number {
  try {
    const m = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return m === null ? Number.MAX_SAFE_INTEGER : Math.max(2 * DESCRIPTORS_SPARE, Number(m[1]));
  } catch {
    return Number.MAX_SAFE_INTEGER;
  }
}
