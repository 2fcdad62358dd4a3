/** cron, for the envelope `CRON[pid]`. */
export const cronRan = (user: string, command: string): string => `(${user}) CMD (${command})`;
