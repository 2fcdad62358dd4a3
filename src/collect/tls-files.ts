/**
 * Key and certificate of a TLS door, read from files and read again when they change, without a restart. A broken new
 * pair is logged and the old one stays. Held by syslog-tcp.int.test.ts (reload).
 */
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type TlsOptions } from 'node:tls';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';

export type TlsFiles = {
  readonly keyFile: string;
  readonly certFile: string;
  /** Authorities of client certificates; where it is given, a client without a valid one is refused. */
  readonly clientCaFile?: string;
};

const CHECK_MS = 5000;

export async function readTls(f: TlsFiles): Promise<TlsOptions> {
  const [key, cert, ca] = await Promise.all([
    readFile(f.keyFile),
    readFile(f.certFile),
    f.clientCaFile === undefined ? undefined : readFile(f.clientCaFile),
  ]);
  const out: TlsOptions = { key, cert, minVersion: 'TLSv1.2' };
  if (ca !== undefined) Object.assign(out, { ca, requestCert: true, rejectUnauthorized: true });
  // Throws where key and certificate do not belong together.
  createSecureContext(out);
  return out;
}

/** Calls `apply` with the new pair whenever one of the files changed. `reload` does it now. */
export function followTls(
  f: TlsFiles,
  apply: (o: TlsOptions) => void,
  log: Log,
  everyMs = CHECK_MS,
): { reload(): Promise<boolean>; stop(): void } {
  let stamp = '';
  const stampNow = async (): Promise<string> => {
    const files = [f.keyFile, f.certFile, ...(f.clientCaFile === undefined ? [] : [f.clientCaFile])];
    const s = await Promise.all(files.map((p) => stat(p)));
    return s.map((x) => `${x.ino}/${x.size}/${x.mtimeMs}`).join(' ');
  };
  const reload = async (): Promise<boolean> => {
    try {
      apply(await readTls(f));
      log.info('certificate reloaded', { file: f.certFile });
      return true;
    } catch (e) {
      log.error('new certificate refused, the old one stays', { file: f.certFile, error: errorText(e) });
      return false;
    }
  };
  void stampNow().then(
    (s) => {
      stamp = s;
    },
    () => {},
  );
  const timer = setInterval(() => {
    stampNow().then(
      (s) => {
        if (stamp !== '' && s !== stamp) void reload();
        stamp = s;
      },
      // Absent in the middle of a renewal: looked at again next time.
      () => {},
    );
  }, everyMs).unref();
  return { reload, stop: () => clearInterval(timer) };
}
