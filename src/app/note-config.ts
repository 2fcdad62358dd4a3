/**
 * Settings of the file that detection rests on, compared with those of the last start: what became weaker is an audit entry
 * of an unknown actor (whoever changed the file), and with it a built-in alert (security contract 16).
 * Held by `rule-modes.test.ts`.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { ControlStore } from '../store/control/control-store.ts';

const KEY = 'config.watched';

/** What is optional was not watched by earlier versions, and is compared once both starts know it. */
export type Watched = {
  /** Of Vigil: sources come and go with it. */
  readonly version?: string;
  /** Class -> days. */
  readonly retention: Readonly<Record<string, number>>;
  readonly channels: readonly string[];
  /** Channel -> hash of where it sends to and with what. */
  readonly targets?: Readonly<Record<string, string>>;
  readonly sources: readonly string[];
  readonly hostLogs: boolean;
  /** Paths of further files that are followed. */
  readonly files?: readonly string[];
  /** Door -> address that it listens on. */
  readonly doors?: Readonly<Record<string, string>>;
  /** Ranges that may send syslog. */
  readonly allow?: readonly string[];
  /** The console may be reached without encryption. */
  readonly insecure?: boolean;
};

/** What is weaker in `now`, each as a sentence's part. */
export function weakerIn(was: Watched, now: Watched): string[] {
  const out: string[] = [];
  const gone = (before: readonly string[] = [], after: readonly string[] = before): readonly string[] =>
    before.filter((x) => !after.includes(x));
  for (const [name, days] of Object.entries(was.retention)) {
    const next = now.retention[name] ?? 0;
    if (next < days) out.push(`retention of ${name} shortened from ${days} to ${next} days`);
  }
  for (const c of gone(was.channels, now.channels)) out.push(`notifications by ${c} switched off`);
  for (const [c, hash] of Object.entries(was.targets ?? {}))
    if ((now.targets?.[c] ?? hash) !== hash) out.push(`notifications by ${c} go elsewhere`);
  // An upgrade may drop a source: that is nobody's doing here.
  if (was.version === now.version)
    for (const s of gone(was.sources, now.sources)) out.push(`the source ${s} removed`);
  if (was.hostLogs && !now.hostLogs) out.push("this machine's own logs are no longer collected");
  for (const f of gone(was.files, now.files)) out.push(`the file ${f} is no longer followed`);
  for (const [door, address] of Object.entries(was.doors ?? {})) {
    const next = now.doors === undefined ? address : now.doors[door];
    if (next === undefined) out.push(`${door} no longer listens`);
    else if (next !== address) out.push(`${door} listens on ${next} instead of ${address}`);
  }
  for (const range of gone(was.allow, now.allow)) out.push(`${range} may no longer send syslog`);
  if (was.insecure === false && now.insecure === true)
    out.push('the console may be reached without encryption');
  return out;
}

export function watchedOf(config: Config, sourcesDir: string, version: string): Watched {
  const { webhook, smtp } = config.notify;
  const { enabled, host, port, tlsPort, allow } = config.syslog;
  const targets = {
    ...(webhook === undefined ? {} : { webhook: hashOf(webhook) }),
    ...(smtp === undefined ? {} : { smtp: hashOf(smtp) }),
  };
  return {
    version,
    retention: { ...config.retention },
    channels: Object.keys(targets),
    targets,
    sources: existsSync(sourcesDir)
      ? readdirSync(sourcesDir, { withFileTypes: true })
          .filter((e) => e.isDirectory())
          .map((e) => e.name)
          .sort()
      : [],
    hostLogs: config.collect.hostLogs,
    files: config.collect.files.map((f) => f.path),
    doors: {
      ...(enabled ? { syslog: `${host}:${port}` } : {}),
      ...(tlsPort === 0 ? {} : { 'syslog over TLS': `${host}:${tlsPort}` }),
    },
    allow: [...allow],
    insecure: config.console.insecure,
  };
}

const hashOf = (target: object): string => createHash('sha256').update(JSON.stringify(target)).digest('hex');

/** At a start that serves; the first one only remembers. */
export function noteConfig(
  control: Pick<ControlStore, 'setting' | 'setSetting' | 'record'>,
  o: { readonly config: Config; readonly root: string; readonly serve: boolean; readonly version: string },
  at: number,
): void {
  if (!o.serve) return;
  const now = watchedOf(o.config, join(o.root, 'content/sources'), o.version);
  const was = control.setting(KEY) as Watched | undefined;
  if (JSON.stringify(was) === JSON.stringify(now)) return;
  control.setSetting(KEY, now);
  if (was === undefined || JSON.stringify({ ...was, version: now.version }) === JSON.stringify(now)) return;
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
