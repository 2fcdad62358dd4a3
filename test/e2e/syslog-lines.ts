/**
 * Lines as a machine's rsyslog forwards them, in the three shapes that matter: RFC 3164 (its default), RFC 5424, and either
 * of them counted in octets (RFC 6587, `@@(o)`). Used by the end-to-end tests.
 */
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Facility auth, severity informational. */
const PRI = '<38>';

export type SshTry = {
  readonly host: string;
  readonly ip: string;
  readonly user: string;
  readonly ok?: boolean;
  readonly port?: number;
  readonly at?: Date;
};

export const sshText = (t: SshTry): string =>
  `${t.ok === true ? 'Accepted' : 'Failed'} password for ${t.user} from ${t.ip} port ${t.port ?? 51022} ssh2`;

/** RFC 3164: local time without year or zone. */
export function rfc3164(host: string, tag: string, text: string, at = new Date()): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = String(at.getDate()).padStart(2, ' ');
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${PRI}${MONTHS[at.getMonth()]} ${day} ${time} ${host} ${tag}: ${text}`;
}
/** RFC 5424: `app` and process id as fields of their own. */
export const rfc5424 = (host: string, app: string, pid: number, text: string, at = new Date()): string =>
  `${PRI}1 ${at.toISOString()} ${host} ${app} ${pid} - - ${text}`;

/** RFC 6587, section 3.4.1: the length in octets before each message. */
export const counted = (line: string): string => `${Buffer.byteLength(line)} ${line}`;

export const sshLine = (t: SshTry): string =>
  rfc3164(t.host, `sshd[${2000 + ((t.port ?? 51022) % 1000)}]`, sshText(t), t.at);
