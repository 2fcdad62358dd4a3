/** systemd and systemd-logind, for the envelopes `systemd[1]` and `systemd-logind[pid]`. */
export const unitStarting = (unit: string, title: string): string => `Starting ${unit} - ${title}...`;
export const unitStarted = (unit: string, title: string): string => `Started ${unit} - ${title}.`;
export const unitDone = (unit: string): string => `${unit}: Deactivated successfully.`;
export const sessionNew = (id: number, user: string): string => `New session ${id} of user ${user}.`;
export const sessionGone = (id: number): string => `Removed session ${id}.`;
