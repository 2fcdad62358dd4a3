/** sshd as Debian's writes at its default log level. Bodies only, for the envelope `sshd[pid]`. */
export type SshPeer = { readonly user: string; readonly ip: string; readonly port: number };
const ssh = (p: SshPeer): string => `${p.user} from ${p.ip} port ${p.port} ssh2`;

export const sshAcceptedKey = (p: SshPeer, key: string): string =>
  `Accepted publickey for ${ssh(p)}: ED25519 SHA256:${key}`;
export const sshAcceptedPassword = (p: SshPeer): string => `Accepted password for ${ssh(p)}`;
export const sshFailed = (p: SshPeer, known: boolean): string =>
  `Failed password for ${known ? '' : 'invalid user '}${ssh(p)}`;
export const sshInvalid = (p: SshPeer): string => `Invalid user ${p.user} from ${p.ip} port ${p.port}`;
export const sshClosed = (p: SshPeer, known: boolean): string =>
  `Connection closed by ${known ? 'authenticating' : 'invalid'} user ${p.user} ${p.ip} port ${p.port} [preauth]`;
export const sshDisconnected = (p: SshPeer): string =>
  `Disconnected from user ${p.user} ${p.ip} port ${p.port}`;
export const sshReceived = (p: SshPeer): string =>
  `Received disconnect from ${p.ip} port ${p.port}:11: disconnected by user`;
export const sshScan = (ip: string, port: number): string =>
  `Unable to negotiate with ${ip} port ${port}: no matching host key type found. Their offer: ssh-rsa,ssh-dss [preauth]`;
