/** sudo and su, for the envelopes `sudo` and `su[pid]`. */
export type SudoCommand = {
  readonly user: string;
  readonly tty: string;
  readonly pwd: string;
  readonly as: string;
  readonly command: string;
};
const rest = (c: SudoCommand): string => `TTY=${c.tty} ; PWD=${c.pwd} ; USER=${c.as} ; COMMAND=${c.command}`;

export const sudoRan = (c: SudoCommand): string => `${c.user.padStart(8)} : ${rest(c)}`;
export const sudoWrong = (c: SudoCommand, attempts: number): string =>
  `${c.user.padStart(8)} : ${attempts} incorrect password attempt${attempts === 1 ? '' : 's'} ; ${rest(c)}`;
export const suTo = (user: string, as: string, tty: string): string => `(to ${as}) ${user} on ${tty}`;
