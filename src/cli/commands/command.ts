/** A command that works on an open Vigil: the running one, or one opened for it. */
import type { App } from '../../app/app.ts';
import type { Output } from '../output.ts';

export type CommandInput = {
  readonly app: App;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly o: Output;
};
export type Command = {
  readonly name: string;
  readonly usage: string;
  readonly about: string;
  /** Exit code. */
  readonly run: (c: CommandInput) => Promise<number>;
};
/** Who is named in the audit for commands given on this machine. */
export const LOCAL = { who: 'local', from: 'command line' } as const;
