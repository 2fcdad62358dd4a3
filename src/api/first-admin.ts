/**
 * The first password, and the offline reset. A password is written only to a terminal; otherwise to a 0600 file whose path is
 * printed, because standard output may end in a journal that Vigil itself collects. Held by `first-admin.int.test.ts`.
 */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiControl } from './deps.ts';
import { PasswordGate } from './password-gate.ts';
import { newPassword } from './secrets.ts';

export const FIRST_ADMIN = 'admin';

export type Handover = {
  /** Whether `print` reaches a person's terminal. */
  readonly isTTY: boolean;
  /** Data folder, for the password file. */
  readonly folder: string;
  readonly print: (line: string) => void;
  /** Microseconds. */
  readonly now: number;
};
type Control = Pick<ApiControl, 'users' | 'user' | 'createUser' | 'setPassword'>;

/** Makes the user `admin` where there is no user yet. Where the file is, '' for a terminal; undefined if nothing was made. */
export async function ensureAdmin(
  control: Control,
  h: Handover,
): Promise<{ readonly file: string } | undefined> {
  if ((await control.users()).length > 0) return undefined;
  const password = newPassword();
  const hash = await new PasswordGate().hash(password);
  // Handed over first: a crash in between leaves a password without a user, and the next start makes a new one.
  const file = handOver(h, FIRST_ADMIN, password);
  await control.createUser(
    { name: FIRST_ADMIN, hash, role: 'admin', mustChangePassword: false, createdAt: h.now, lastLogin: 0 },
    {
      at: h.now,
      who: 'vigil',
      from: 'local',
      action: 'user.create',
      object: FIRST_ADMIN,
      outcome: 'ok',
      detail: '{"role":"admin","password":"***"}',
    },
  );
  return { file };
}

/** For `vigil user reset NAME`: a new password, all sessions ended. Works without a running server. */
export async function resetPassword(
  control: Control,
  name: string,
  h: Handover,
): Promise<'done' | 'unknown'> {
  if ((await control.user(name)) === undefined) return 'unknown';
  const password = newPassword();
  const hash = await new PasswordGate().hash(password);
  const done = await control.setPassword(
    name,
    { hash, mustChange: false, keepSession: '' },
    {
      at: h.now,
      who: 'local',
      from: 'local',
      action: 'user.password',
      object: name,
      outcome: 'ok',
      detail: '{"password":"***"}',
    },
  );
  if (!done) return 'unknown';
  handOver(h, name, password);
  return 'done';
}

/** The file's path, '' for a terminal. */
function handOver(h: Handover, name: string, password: string): string {
  if (h.isTTY) {
    h.print(`Log in as ${name} with the password ${password} (shown this once).`);
    return '';
  }
  const path = join(h.folder, `password-${/^[\w.@-]{1,64}$/.test(name) ? name : 'user'}.txt`);
  // A fresh file (`wx`), so that neither a link nor an old file's mode decides who can read it.
  rmSync(path, { force: true });
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeSync(fd, `${password}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  h.print(
    `The password of ${name} is in ${path} (readable by this user alone). Delete the file after the first login.`,
  );
  return path;
}
