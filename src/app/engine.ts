/** The event store's engine by configuration: embedded, or a ClickHouse server by URL. */
import type { Log } from '../base/log.ts';
import { err, errorText, ok, type Result } from '../base/result.ts';
import { readSecret } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { SqlClient } from '../store/engine/client.ts';
import { connectServer, startEngine } from '../store/engine/engine.ts';

export type EngineHandle = { readonly client: SqlClient; readonly pid: () => number; stop(): Promise<void> };

export async function openEngine(
  config: Config,
  dataDir: string,
  env: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<Result<EngineHandle>> {
  const s = config.store;
  if (s.url === '') {
    const engine = await startEngine({ dataDir, memoryBytes: s.memoryMegabytes * 1024 * 1024, log });
    return ok({ client: engine, pid: () => engine.pid, stop: () => engine.stop() });
  }
  const password = s.password === undefined ? ok('') : readSecret(s.password, env);
  if (!password.ok) return err(`store.password: ${password.error}`);
  const query = s.queryPassword === undefined ? ok('') : readSecret(s.queryPassword, env);
  if (!query.ok) return err(`store.queryPassword: ${query.error}`);
  try {
    const client = await connectServer({
      url: s.url,
      user: s.user,
      password: password.value,
      queryUser: s.queryUser,
      queryPassword: query.value,
    });
    return ok({ client, pid: () => 0, stop: () => client.close() });
  } catch (e) {
    return err(`the ClickHouse server at ${s.url} does not answer: ${errorText(e)}`);
  }
}
