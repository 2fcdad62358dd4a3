/** The embedded engine, parent side. STUB: signatures only, the implementation follows. */
import type { Log } from '../../base/log.ts';
import type { SqlClient } from './client.ts';

export type EngineOptions = {
  /** Absolute path; the engine's folder is `<dataDir>/engine`. */
  readonly dataDir: string;
  /** Ceiling of the engine's memory, bytes. */
  readonly memoryBytes: number;
  readonly log: Log;
  /** Called after the engine died and answers again. In-doubt inserts must then be resolved by `held`. */
  readonly onRestart?: () => void;
};

export interface Engine extends SqlClient {
  readonly pid: number;
  /** Ends the engine; resolves once the folder is free. */
  stop(): Promise<void>;
}

export declare function startEngine(options: EngineOptions): Promise<Engine>;

export type ServerOptions = {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** The restricted account for searches. */
  readonly queryUser: string;
  readonly queryPassword: string;
};
export declare function connectServer(options: ServerOptions): Promise<SqlClient>;
