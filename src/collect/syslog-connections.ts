/**
 * The connections of a syslog stream door: their limits, the one sweep for idle lines, the one wait for room.
 * What is bounded and how: see syslog-tcp.ts. Held by syslog-tcp.int.test.ts.
 */
import type { Socket } from 'node:net';
import { parseIp } from '../model/ip.ts';
import type { Intake, RecordMeta } from '../model/record.ts';
import type { DoorState } from './door.ts';
import { type FrameSink, StreamFramer } from './stream-framer.ts';

/** Memory of unfinished messages over all connections of a door, bytes. */
export const PARTIAL_BYTES_MAX = 96 * 1024 * 1024;
/** Under memory pressure, connections that hold more than this hand on what they have, bytes. */
const PARTIAL_FAIR_BYTES = 4096;
/** A line that ended in NUL waits only this long for the start of the next one. */
const NUL_IDLE_MS = 100;
/** A counted message that stops in the middle waits longer: its end is known to be missing. */
const OCTET_IDLE_MS = 30_000;
const SWEEP_MS = 100;
const KEEP_ALIVE_MS = 60_000;

export type Limits = {
  readonly idleMs: number;
  readonly connectionsMax: number;
  readonly perPeerMax: number;
};

/** `silent`: connections that never sent anything, oldest first, by their remote port (the same before and after TLS). */
type Peer = { readonly ip: string; open: number; readonly silent: Map<number, Socket> };

/** All connections of a door: the limits, the one sweep for idle lines, the one wait for room. */
export class Connections {
  readonly intake: Intake;
  readonly #metaOf: (sender: string) => RecordMeta;
  readonly #limits: Limits;
  readonly #allow: (peer: string) => boolean;
  readonly #peers = new Map<string, Peer>();
  /** Raw sockets (for TLS: from before the handshake). */
  readonly #sockets = new Set<Socket>();
  readonly #served = new Set<Connection>();
  readonly #unfinished = new Set<Connection>();
  readonly #blocked = new Set<Connection>();
  readonly #timer: NodeJS.Timeout;
  #partialBytes = 0;
  #waiting = false;
  #finished = false;
  refused = 0;
  evicted = 0;
  tlsFailed = 0;
  lastTlsError = '';

  constructor(
    intake: Intake,
    metaOf: (sender: string) => RecordMeta,
    limits: Limits,
    allow: (peer: string) => boolean,
  ) {
    this.intake = intake;
    this.#metaOf = metaOf;
    this.#limits = limits;
    this.#allow = allow;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  get size(): number {
    return this.#sockets.size;
  }
  state(): DoorState {
    const tls =
      this.tlsFailed === 0 ? '' : `, ${this.tlsFailed} failed handshakes (last: ${this.lastTlsError})`;
    const note = `${this.size} connections, ${this.refused} refused, ${this.evicted} silent ones closed${tls}`;
    return this.#blocked.size > 0
      ? { state: 'waiting', note: `journal full: ${this.#blocked.size} connections paused; ${note}` }
      : { state: 'listening', note };
  }

  /** Takes a new socket into the limits, or closes it. */
  admit(socket: Socket): boolean {
    const ip = peerOf(socket);
    socket.on('error', () => {});
    const peer = this.#peers.get(ip);
    const room =
      !this.#finished &&
      this.#allow(ip) &&
      (peer === undefined || peer.open < this.#limits.perPeerMax || this.#evict(peer)) &&
      (this.#sockets.size < this.#limits.connectionsMax || this.#evictOfLargest());
    if (!room) {
      this.refused++;
      socket.destroy();
      return false;
    }
    this.#sockets.add(socket);
    let p = this.#peers.get(ip);
    if (p === undefined) {
      p = { ip, open: 0, silent: new Map() };
      this.#peers.set(ip, p);
    }
    p.open++;
    const port = socket.remotePort ?? -1;
    p.silent.set(port, socket);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.once('close', () => this.#gone(socket, ip, port));
    return true;
  }

  #gone(socket: Socket, ip: string, port: number): void {
    if (!this.#sockets.delete(socket)) return;
    const p = this.#peers.get(ip);
    if (p === undefined) return;
    if (p.silent.get(port) === socket) p.silent.delete(port);
    if (--p.open <= 0) this.#peers.delete(ip);
  }

  /** Closes the peer's oldest connection that never sent anything. */
  #evict(peer: Peer): boolean {
    for (const [port, s] of peer.silent) {
      this.evicted++;
      s.destroy();
      this.#gone(s, peer.ip, port);
      return true;
    }
    return false;
  }
  #evictOfLargest(): boolean {
    let most: Peer | undefined;
    for (const p of this.#peers.values())
      if (p.silent.size > 0 && (most === undefined || p.open > most.open)) most = p;
    return most !== undefined && this.#evict(most);
  }

  /** Reads syslog from a socket (plain, or after the handshake). */
  serve(socket: Socket): void {
    const ip = peerOf(socket);
    const port = socket.remotePort ?? -1;
    const c = new Connection(socket, this.#metaOf(ip), this);
    this.#served.add(c);
    socket.on('error', () => {});
    socket.once('data', () => this.#peers.get(ip)?.silent.delete(port));
    socket.on('data', (chunk) => c.data(chunk));
    socket.on('close', () => {
      c.end();
      this.#served.delete(c);
    });
  }

  /** Book-keeping after a connection's framer changed. */
  note(c: Connection): void {
    this.#partialBytes += c.held - c.noted;
    c.noted = c.held;
    if (c.held > 0) this.#unfinished.add(c);
    else this.#unfinished.delete(c);
    if (this.#partialBytes > PARTIAL_BYTES_MAX)
      for (const u of this.#unfinished) if (u.held > PARTIAL_FAIR_BYTES) u.flush();
  }

  /** The intake is full: `c` goes on when there is room. */
  block(c: Connection): void {
    this.#blocked.add(c);
    if (this.#waiting) return;
    this.#waiting = true;
    void this.#resumeAll();
  }

  async #resumeAll(): Promise<void> {
    while (this.#blocked.size > 0) {
      await this.intake.room();
      for (const c of [...this.#blocked]) {
        if (!c.drain()) break;
        this.#blocked.delete(c);
        // Whoever still waits comes first next time.
      }
    }
    this.#waiting = false;
  }

  #sweep(): void {
    const now = performance.now();
    for (const c of this.#unfinished) {
      const wait =
        c.unfinished === 'octet'
          ? OCTET_IDLE_MS
          : c.unfinished === 'nul'
            ? Math.min(NUL_IDLE_MS, this.#limits.idleMs)
            : this.#limits.idleMs;
      // One that we hold back is not silent: the rest of its line waits in the socket.
      if (!c.blocked && now - c.lastData >= wait) c.flush();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async finish(waitMs: number): Promise<void> {
    this.stop();
    this.#finished = true;
    for (const c of this.#served) c.end();
    for (const s of this.#sockets) s.destroy();
    const until = performance.now() + waitMs;
    while (this.#blocked.size > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 20));
    for (const c of this.#blocked) c.giveUp();
    this.#blocked.clear();
  }
}

class Connection implements FrameSink {
  readonly #socket: Socket;
  readonly #meta: RecordMeta;
  readonly #all: Connections;
  readonly #framer: StreamFramer;
  /** Framed and not yet taken; more than one chunk's worth only at close. */
  #queue: Uint8Array[] = [];
  #blocked = false;
  #ended = false;
  #bad = 0;
  lastData = 0;
  /** What `Connections` has in its sum for this connection. */
  noted = 0;

  constructor(socket: Socket, meta: RecordMeta, all: Connections) {
    this.#socket = socket;
    this.#meta = meta;
    this.#all = all;
    this.#framer = new StreamFramer(this);
  }

  get held(): number {
    return this.#framer.held;
  }
  get blocked(): boolean {
    return this.#blocked;
  }
  get unfinished(): StreamFramer['unfinished'] {
    return this.#framer.unfinished;
  }

  record(raw: Uint8Array): void {
    this.#queue.push(raw);
  }
  bad(): void {
    this.#bad++;
  }

  data(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.lastData = performance.now();
    this.#framer.push(chunk);
    this.#hand();
  }
  flush(): void {
    this.#framer.flush();
    this.#hand();
  }
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.flush();
  }

  #hand(): void {
    this.#all.note(this);
    if (this.#bad > 0) {
      this.#all.intake.received(this.#meta, this.#bad, 0);
      this.#all.intake.dropped(this.#meta, 'bad_frame', this.#bad);
      this.#bad = 0;
    }
    if (this.#blocked || this.drain()) return;
    this.#blocked = true;
    this.#socket.pause();
    this.#all.block(this);
  }

  /**
   * Offers what is queued; true if all was taken. Records count as received when they are handed on, as a file's lines
   * do: what is held back is still the sender's, and a crash takes it from neither side of the ledger.
   */
  drain(): boolean {
    const q = this.#queue;
    let i = 0;
    while (i < q.length && this.#all.intake.offer({ meta: this.#meta, raw: q[i]!, pos: '' }) === 'taken') i++;
    this.#received(q, i);
    if (i < q.length) {
      if (i > 0) this.#queue = q.slice(i);
      return false;
    }
    this.#queue = [];
    if (this.#blocked) {
      this.#blocked = false;
      this.lastData = performance.now();
      this.#socket.resume();
    }
    return true;
  }

  /** The door closes while the intake is full: what it would not take is counted. */
  giveUp(): void {
    if (this.#queue.length > 0) {
      this.#received(this.#queue, this.#queue.length);
      this.#all.intake.dropped(this.#meta, 'journal_full', this.#queue.length);
    }
    this.#queue = [];
  }

  #received(records: readonly Uint8Array[], count: number): void {
    if (count === 0) return;
    let bytes = 0;
    for (let i = 0; i < count; i++) bytes += (records[i] as Uint8Array).length;
    this.#all.intake.received(this.#meta, count, bytes);
  }
}

function peerOf(socket: Socket): string {
  const a = socket.remoteAddress ?? '';
  return parseIp(a) ?? (a === '' ? 'unknown' : a);
}
