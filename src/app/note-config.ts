/**
 * Settings of the file that detection rests on, compared with those of the last start: what became weaker is an audit entry
 * of an unknown actor (whoever changed the file), and with it a built-in alert (security contract 16).
 * Held by `rule-modes.test.ts`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { ControlStore } from '../store/control/control-store.ts';

const KEY = 'config.watched';

export type Watched = {
  /** Class -> days. */
  readonly retention: Readonly<Record<string, number>>;
  readonly channels: readonly string[];
  readonly sources: readonly string[];
  readonly hostLogs: boolean;
};

/** What is weaker in `now`, each as a sentence's part. */
export function weakerIn(was: Watched, now: Watched): string[] {
  const out: string[] = [];
  for (const [name, days] of Object.entries(was.retention)) {
    const next = now.retention[name] ?? 0;
    if (next < days) out.push(`retention of ${name} shortened from ${days} to ${next} days`);
  }
  for (const c of was.channels) if (!now.channels.includes(c)) out.push(`notifications by ${c} switched off`);
  for (const s of was.sources) if (!now.sources.includes(s)) out.push(`the source ${s} removed`);
  if (was.hostLogs && !now.hostLogs) out.push("this machine's own logs are no longer collected");
  return out;
}

export function watchedOf(config: Config, sourcesDir: string): Watched {
  return {
    retention: { ...config.retention },
    channels: [
      ...(config.notify.webhook === undefined ? [] : ['webhook']),
      ...(config.notify.smtp === undefined ? [] : ['smtp']),
    ],
    sources: existsSync(sourcesDir)
      ? readdirSync(sourcesDir, { withFileTypes: true })
          .filter((e) => e.isDirectory())
          .map((e) => e.name)
          .sort()
      : [],
    hostLogs: config.collect.hostLogs,
  };
}

/** At a start that serves; the first one only remembers. */
export function noteConfig(
  control: Pick<ControlStore, 'setting' | 'setSetting' | 'record'>,
  o: { readonly config: Config; readonly root: string; readonly serve: boolean },
  at: number,
): void {
  if (!o.serve) return;
  const now = watchedOf(o.config, join(o.root, 'content/sources'));
  const was = control.setting(KEY) as Watched | undefined;
  if (JSON.stringify(was) === JSON.stringify(now)) return;
  control.setSetting(KEY, now);
  if (was === undefined) return;
  const weaker = weakerIn(was, now);
  control.record({
    at,
    who: 'unknown',
    from: 'disk',
    action: 'config.changed',
    object: 'settings',
    outcome: 'ok',
    detail: JSON.stringify(weaker.length === 0 ? {} : { weaker }),
  });
}
