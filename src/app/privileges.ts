/** Leaves root behind before the first untrusted byte is read: groups, then gid, then uid; the data folder is handed over first. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { err, errorText, ok, type Result } from '../base/result.ts';

/** Groups kept, where the system has them: they may read the logs. */
const LOG_GROUPS = ['adm', 'systemd-journal'];

export function dropPrivileges(
  user: string,
  dataDir: string,
  ports: readonly number[],
  root: string,
): Result<undefined> {
  if (user === '' || process.getuid?.() !== 0) return ok(undefined);
  const low = ports.filter((p) => p > 0 && p < 1024);
  if (low.length > 0) {
    return err(
      `port ${low[0]} needs root, and user '${user}' is to be used: choose a port above 1023, or run: sysctl net.ipv4.ip_unprivileged_port_start=${low[0]}`,
    );
  }
  const entry = find('/etc/passwd', user);
  if (entry === undefined)
    return err(`there is no user '${user}' on this machine; run: adduser --system --group ${user}`);
  const uid = Number(entry[2]);
  const gid = Number(entry[3]);
  const groups = LOG_GROUPS.flatMap((g) => {
    const found = find('/etc/group', g);
    return found === undefined ? [] : [Number(found[2])];
  });
  try {
    execFileSync('chown', ['-R', `${uid}:${gid}`, dataDir]);
    process.setgroups?.([gid, ...groups]);
    process.setgid?.(gid);
    process.setuid?.(uid);
  } catch (e) {
    return err(`cannot become user '${user}': ${errorText(e)}`);
  }
  if (process.getuid?.() === 0) return err(`still root after becoming '${user}'`);
  return reachable(user, [process.execPath, root, dataDir]);
}

/** A clone below /root cannot be read by anyone else: better said here than by whatever fails first. */
function reachable(user: string, places: readonly string[]): Result<undefined> {
  for (const place of places) {
    try {
      accessSync(place, constants.R_OK | constants.X_OK);
    } catch {
      return err(
        `user '${user}' may not enter ${place}, which Vigil needs; move it to a folder that all may enter, such as /opt/vigil`,
      );
    }
  }
  return ok(undefined);
}

function find(file: string, name: string): readonly string[] | undefined {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const parts = line.split(':');
    if (parts[0] === name) return parts;
  }
  return undefined;
}
