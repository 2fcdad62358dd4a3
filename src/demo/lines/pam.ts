/** Lines of PAM modules, for the envelope of the program that uses them. */
export const pamOpened = (service: string, user: string, uid: number, by: string): string =>
  `pam_unix(${service}:session): session opened for user ${user}(uid=${uid}) by ${by}`;
export const pamClosed = (service: string, user: string): string =>
  `pam_unix(${service}:session): session closed for user ${user}`;
/** An unknown user has no `user=`. */
export const pamFailure = (service: string, rhost: string, user: string): string =>
  `pam_unix(${service}:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${rhost}${user === '' ? '' : `  user=${user}`}`;
