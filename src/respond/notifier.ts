/**
 * The worker over the outbox: sends each notification until a channel takes it, with growing pauses, and gives up loudly
 * after the last one. Rows are unique per (alert, event, channel), so each is told once; a crash between sending and
 * noting it may send it a second time under the same id.
 *
 * One slow channel does not hold the others: each has its own few slots. Held by `notifier.test.ts`.
 */
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import { type Channel, type DueItem, line, toNotice } from './notice.ts';

/** Pauses after the first, second, ... failed attempt; a failure after the last one gives up (about 16 hours in all). */
export const RETRY_SECONDS = [10, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800] as const;
export const DUE_MAX = 200;
export const SLOTS_PER_CHANNEL = 4;
export const POLL_MS = 1000;
/** How long `close` lets running sends end before it stops them. They stay due. */
export const CLOSE_GRACE_MS = 1500;
const ERROR_CHARS_MAX = 500;

export type Outbox = {
  /** Unsent items whose time has come (microseconds), oldest first. */
  due(nowUs: number, limit: number): readonly DueItem[];
  done(id: string, channel: string, at: number): void;
  /** One more failed attempt; without `nextAt` nothing more is tried. */
  failed(item: { id: string; channel: string; nextAt?: number; error: string }): void;
};
export type NotifierOptions = {
  readonly nowUs: () => number;
  readonly log: Log;
  /** Address of an alert's page. */
  readonly link: (alert: string) => string;
  readonly pollMs?: number;
};
export type Notifier = {
  /** Looks at the outbox now; call it after a commit that wrote to it. */
  wake(): void;
  /** Ends within CLOSE_GRACE_MS and a little. */
  close(): Promise<void>;
};

export function startNotifier(outbox: Outbox, channels: readonly Channel[], o: NotifierOptions): Notifier {
  const worker = new Worker(outbox, channels, o);
  const timer = setInterval(() => worker.look(), o.pollMs ?? POLL_MS);
  timer.unref();
  worker.look();
  return {
    wake: () => worker.look(),
    close: () => {
      clearInterval(timer);
      return worker.close();
    },
  };
}

class Worker {
  readonly #outbox: Outbox;
  readonly #channels: ReadonlyMap<string, Channel>;
  readonly #o: NotifierOptions;
  /** Running sends by row. */
  readonly #running = new Map<string, { readonly item: DueItem; readonly end: Promise<void> }>();
  /** Sent, but the outbox could not be told yet: noted again at the next look, never sent again. */
  readonly #unnoted = new Map<string, () => void>();
  readonly #stop = new AbortController();
  #closed = false;

  constructor(outbox: Outbox, channels: readonly Channel[], o: NotifierOptions) {
    this.#outbox = outbox;
    this.#channels = new Map(channels.map((c) => [c.name, c]));
    this.#o = o;
  }

  look(): void {
    if (this.#closed) return;
    for (const [key, note] of [...this.#unnoted]) this.#note(key, note);
    let due: readonly DueItem[];
    try {
      due = this.#outbox.due(this.#o.nowUs(), DUE_MAX);
    } catch (e) {
      this.#o.log.error('the outbox cannot be read; notifications wait', { error: errorText(e) });
      return;
    }
    for (const item of due) this.#start(item);
  }

  #start(item: DueItem): void {
    const key = `${item.channel}\0${item.id}`;
    if (this.#running.has(key) || this.#unnoted.has(key) || !this.#free(item)) return;
    const channel = this.#channels.get(item.channel);
    const notice = toNotice(item, this.#o.link);
    if (channel === undefined || !notice.ok) {
      const error = notice.ok ? `no channel '${item.channel}' is configured` : notice.error;
      this.#giveUp(key, item, error);
      return;
    }
    const send = async (): Promise<void> => {
      let error: string | undefined;
      try {
        const sent = await channel.send(notice.value, this.#stop.signal);
        if (!sent.ok) error = sent.error;
      } catch (e) {
        error = errorText(e);
      }
      this.#running.delete(key);
      // Stopped in the middle: the row stays as it was and is tried at the next start.
      if (error !== undefined && this.#stop.signal.aborted) return;
      if (error === undefined) {
        this.#note(key, () => this.#outbox.done(item.id, item.channel, this.#o.nowUs()));
      } else this.#retry(key, item, error);
      this.look();
    };
    // `send` begins only after the row is noted as running, whatever the channel does at once.
    this.#running.set(key, { item, end: Promise.resolve().then(send) });
  }

  /** A channel has a few slots, and two notifications of one alert do not overtake each other in it. */
  #free(item: DueItem): boolean {
    let used = 0;
    for (const { item: r } of this.#running.values()) {
      if (r.channel !== item.channel) continue;
      if (r.alert === item.alert) return false;
      used++;
    }
    return used < SLOTS_PER_CHANNEL;
  }

  #retry(key: string, item: DueItem, error: string): void {
    const pause = RETRY_SECONDS[item.attempts];
    if (pause === undefined) {
      this.#giveUp(key, item, error);
      return;
    }
    const text = line(error, ERROR_CHARS_MAX);
    this.#o.log.warn('a notification was not taken; it is tried again', {
      channel: item.channel,
      alert: item.alert,
      attempt: item.attempts + 1,
      inSeconds: pause,
      error: text,
    });
    const nextAt = this.#o.nowUs() + pause * 1_000_000;
    this.#note(key, () => this.#outbox.failed({ id: item.id, channel: item.channel, nextAt, error: text }));
  }

  #giveUp(key: string, item: DueItem, error: string): void {
    const text = line(error, ERROR_CHARS_MAX);
    this.#o.log.error('NOTIFICATION LOST: nobody was told of this alert by this channel', {
      channel: item.channel,
      alert: item.alert,
      event: item.event,
      attempts: item.attempts + 1,
      error: text,
    });
    this.#note(key, () => this.#outbox.failed({ id: item.id, channel: item.channel, error: text }));
  }

  #note(key: string, write: () => void): void {
    try {
      write();
      this.#unnoted.delete(key);
    } catch (e) {
      this.#unnoted.set(key, write);
      this.#o.log.error('the outbox cannot be written', { error: errorText(e) });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const ends = [...this.#running.values()].map((r) => r.end);
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_GRACE_MS);
    });
    await Promise.race([Promise.all(ends), grace]);
    clearTimeout(timer);
    this.#stop.abort();
    for (const [key, note] of [...this.#unnoted]) this.#note(key, note);
  }
}
