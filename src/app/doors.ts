/** Opens the doors that the configuration asks for. A door that cannot open stops the start with one line: cause and remedy. */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ownCertificate } from '../api/self-signed.ts';
import type { Log } from '../base/log.ts';
import { err, errorText, ok, type Result } from '../base/result.ts';
import type { Door } from '../collect/door.ts';
import { openFileTail } from '../collect/file-tail.ts';
import { discoverHostLogs } from '../collect/host-logs.ts';
import { openJournald } from '../collect/journald.ts';
import { openSyslogTcp } from '../collect/syslog-tcp.ts';
import { openSyslogUdp } from '../collect/syslog-udp.ts';
import { inRange, ipHex, parseCidr } from '../condition/ip-range.ts';
import type { Config } from '../config/schema.ts';
import type { Intake } from '../model/record.ts';
import { certificateHosts, isLoopback } from './names.ts';

export type DoorsInput = {
  readonly config: Config;
  readonly dataDir: string;
  readonly intake: Intake;
  readonly position: (stream: string) => string | undefined;
  readonly kernelDrops: (door: string, count: number) => void;
  readonly tenant: string;
  readonly log: Log;
  /** Sentences for the person who starts Vigil. */
  readonly say: (line: string) => void;
};

export async function openDoors(d: DoorsInput): Promise<Result<Door[]>> {
  const doors: Door[] = [];
  const closeAll = async (): Promise<void> => {
    for (const door of doors) await door.close();
  };
  try {
    if (d.config.syslog.enabled) await openSyslog(d, doors);
    await openFiles(d, doors);
    return ok(doors);
  } catch (e) {
    await closeAll();
    return err(e instanceof DoorFailure ? e.message : `a door cannot be opened: ${errorText(e)}`);
  }
}

class DoorFailure extends Error {}

async function openSyslog(d: DoorsInput, doors: Door[]): Promise<void> {
  const s = d.config.syslog;
  const allow = peers(s.host, s.allow);
  if (!isLoopback(s.host) && s.allow.length === 0) {
    throw new DoorFailure(
      `syslog on ${s.host} takes logs from anyone who reaches it: name the senders' networks in syslog.allow, such as [10.0.0.0/8]`,
    );
  }
  const common = { tenant: d.tenant, host: s.host, zone: d.config.zone, allow };
  const listen = async <T extends Door>(
    what: string,
    port: number,
    setting: string,
    open: () => Promise<T>,
  ): Promise<void> => {
    try {
      doors.push(await open());
    } catch (e) {
      throw new DoorFailure(listenProblem(e, { what, host: s.host, port, setting }));
    }
  };
  await listen('syslog (UDP)', s.port, 'syslog.port', () =>
    openSyslogUdp(
      { ...common, port: s.port, onKernelDrops: (n) => d.kernelDrops('syslog-udp', n) },
      d.intake,
      d.log,
    ),
  );
  await listen('syslog (TCP)', s.port, 'syslog.port', () =>
    openSyslogTcp({ ...common, port: s.port }, d.intake, d.log),
  );
  if (s.tlsPort === 0 && d.config.syslog.tls === undefined) return;
  const tls =
    s.tls === undefined
      ? await ownTls(d)
      : {
          keyFile: s.tls.key,
          certFile: s.tls.cert,
          ...(s.tls.clientCa === '' ? {} : { clientCaFile: s.tls.clientCa }),
        };
  await listen('syslog (TLS)', s.tlsPort, 'syslog.tlsPort', () =>
    openSyslogTcp({ ...common, port: s.tlsPort, tls }, d.intake, d.log),
  );
}

async function ownTls(d: DoorsInput): Promise<{ keyFile: string; certFile: string }> {
  const own = await ownCertificate(d.dataDir, certificateHosts(d.config), Date.now());
  if (!isLoopback(d.config.syslog.host))
    d.say(`syslog over TLS uses Vigil's own certificate, SHA-256 ${own.fingerprint}`);
  return { keyFile: join(d.dataDir, 'tls-key.pem'), certFile: join(d.dataDir, 'tls-cert.pem') };
}

/** Loopback peers always; others only from the named networks. */
function peers(host: string, allow: readonly string[]): (peer: string) => boolean {
  const ranges = allow.flatMap((text) => {
    const r = parseCidr(text);
    if (r === undefined)
      throw new DoorFailure(`syslog.allow: '${text}' is no network; write it as 10.0.0.0/8`);
    return [r];
  });
  if (isLoopback(host)) return () => true;
  return (peer) => {
    if (isLoopback(peer)) return true;
    const hex = ipHex(peer);
    return hex !== undefined && ranges.some((r) => inRange(hex, r));
  };
}

export function listenProblem(
  e: unknown,
  at: { what: string; host: string; port: number; setting: string },
): string {
  const code = (e as NodeJS.ErrnoException).code;
  const place = `${at.what} cannot listen on ${at.host}:${at.port}`;
  if (code === 'EADDRINUSE')
    return `${place}: the port is in use; stop what uses it (ss -lnp | grep ${at.port}) or set ${at.setting}`;
  if (code === 'EACCES')
    return `${place}: ports below 1024 need privileges; set ${at.setting} to a higher one`;
  if (code === 'EADDRNOTAVAIL') return `${place}: this machine has no such address; see 'ip addr'`;
  return `${place}: ${errorText(e)}`;
}

async function openFiles(d: DoorsInput, doors: Door[]): Promise<void> {
  const files = d.config.collect.files.map((f) => ({
    path: f.path,
    ...(f.source === '' ? {} : { source: f.source }),
    ...(f.zone === '' ? {} : { zone: f.zone }),
  }));
  const roots = new Set(files.map((f) => f.path.slice(0, Math.max(1, f.path.lastIndexOf('/')))));
  if (d.config.collect.hostLogs) {
    const plan = await discoverHostLogs({ user: userInfo().username });
    for (const line of plan.sentences) d.say(line);
    for (const item of plan.collect) {
      if (item.kind === 'file') files.push({ path: item.path });
      else
        doors.push(
          await openJournald(
            { tenant: d.tenant, positions: d.position, withoutAudit: item.withoutAudit },
            d.intake,
            d.log,
          ),
        );
    }
    for (const r of plan.roots) roots.add(r);
  }
  if (files.length > 0) {
    doors.push(
      await openFileTail(
        { tenant: d.tenant, files, roots: [...roots], positions: d.position },
        d.intake,
        d.log,
      ),
    );
  }
}
