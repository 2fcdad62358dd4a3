/** The console's certificate: the configured one, an own one off loopback, none on loopback. */
import { readFileSync } from 'node:fs';
import { ownCertificate } from '../api/self-signed.ts';
import type { TlsPair } from '../api/server.ts';
import { err, errorText, ok, type Result } from '../base/result.ts';
import type { Config } from '../config/schema.ts';
import { isLoopback } from './doors.ts';
import { ownNames } from './names.ts';

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
  if (isLoopback(c.host) || c.insecure) return ok(undefined);
  const own = await ownCertificate(
    dataDir,
    ['localhost', '127.0.0.1', ...c.hosts, ...ownNames(c.host)],
    Date.now(),
  );
  say(
    `The console uses Vigil's own certificate; compare its SHA-256 fingerprint in the browser:\n  ${own.fingerprint}`,
  );
  return ok({ key: own.key, cert: own.cert });
}
