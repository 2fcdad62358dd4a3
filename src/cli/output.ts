/** What a command may do with its surroundings: print, know whether a person watches, and say how it ended. */
export type Output = {
  out(line: string): void;
  err(line: string): void;
  readonly isTTY: boolean;
};
export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
