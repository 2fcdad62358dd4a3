/**
 * The console's certificate: the configured one, an own one off loopback, none on loopback or where the operator insists
 * (`console.insecure`). A new one takes effect without a restart. Held by `exposure.int.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownCertificate } from '../api/self-signed.ts';
import type { TlsPair } from '../api/server.ts';
import type { Log } from '../base/log.ts';
import { err, errorText, ok, type Result } from '../base/result.ts';
import { followTls, type TlsFiles } from '../collect/tls-files.ts';
import type { Config } from '../config/schema.ts';
import { certificateHosts, isLoopback } from './names.ts';

const RENEW_EVERY_MS = 24 * 3600 * 1000;

export async function consoleTls(
  config: Config,
  dataDir: string,
  say: (line: string) => void,
): Promise<Result<TlsPair | undefined>> {
  const c = config.console;
  if (c.tls !== undefined) {
    try {
      return ok({ key: readFileSync(c.tls.key, 'utf8'), cert: readFileSync(c.tls.cert, 'utf8') });
    } catch (e) {
      return err(`the console's certificate cannot be read (console.tls): ${errorText(e)}`);
    }
  }
  if (files(config, dataDir) === undefined) return ok(undefined);
  const own = await ownCertificate(dataDir, certificateHosts(config), Date.now());
  say(
    `The console uses Vigil's own certificate; compare its SHA-256 fingerprint in the browser:\n  ${own.fingerprint}`,
  );
  return ok({ key: own.key, cert: own.cert });
}

/** Where the console's pair lies; undefined where it speaks plain HTTP. */
function files(config: Config, dataDir: string): TlsFiles | undefined {
  const c = config.console;
  if (c.tls !== undefined) return { keyFile: c.tls.key, certFile: c.tls.cert };
  if (isLoopback(c.host) || c.insecure) return undefined;
  return { keyFile: join(dataDir, 'tls-key.pem'), certFile: join(dataDir, 'tls-cert.pem') };
}

/**
 * Hands on the console's pair whenever its files change, and renews Vigil's own in time, for console and syslog (whose
 * door follows the same files). Returns what ends it.
 */
export function followCertificates(
  config: Config,
  dataDir: string,
  o: { readonly apply: (pair: TlsPair) => void; readonly log: Log },
): () => void {
  const at = files(config, dataDir);
  const follow =
    at === undefined
      ? undefined
      : followTls(at, (t) => o.apply({ key: String(t.key), cert: String(t.cert) }), o.log);
  const s = config.syslog;
  const own =
    (at !== undefined && config.console.tls === undefined) ||
    (s.enabled && s.tlsPort !== 0 && s.tls === undefined);
  const timer = setInterval(() => {
    if (!own) return;
    ownCertificate(dataDir, certificateHosts(config), Date.now()).catch((e: unknown) =>
      o.log.error("Vigil's own certificate could not be renewed", { cause: errorText(e) }),
    );
  }, RENEW_EVERY_MS);
  timer.unref();
  return () => {
    follow?.stop();
    clearInterval(timer);
  };
}
