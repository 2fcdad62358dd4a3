/** Opens the notification channels of the configuration over the outbox that commits write to. */
import { err, ok, type Result } from '../base/result.ts';
import { readSecret } from '../config/load.ts';
import type { Channel } from '../respond/notice.ts';
import { startNotifier } from '../respond/notifier.ts';
import { openSmtp } from '../respond/smtp.ts';
import { openWebhook } from '../respond/webhook.ts';
import type { App } from './app.ts';

export function openNotifications(app: App): Result<() => Promise<void>> {
  const { config, env, log } = app.options;
  const channels: Channel[] = [];
  const { webhook, smtp } = config.notify;
  if (webhook !== undefined) {
    const secret = readSecret(webhook.secret, env);
    if (!secret.ok) return err(`notify.webhook.secret: ${secret.error}`);
    const c = openWebhook({
      url: webhook.url,
      secret: secret.value,
      allowPrivate: webhook.allowPrivate,
      nowUs: app.now,
    });
    if (!c.ok) return c;
    channels.push(c.value);
  }
  if (smtp !== undefined) {
    const password = smtp.password === undefined ? ok('') : readSecret(smtp.password, env);
    if (!password.ok) return err(`notify.smtp.password: ${password.error}`);
    const c = openSmtp({ ...smtp, password: password.value });
    if (!c.ok) return c;
    channels.push(c.value);
  }
  if (channels.length === 0) return ok(() => Promise.resolve());
  const base = (config.notify.link === '' ? (app.api?.url ?? '') : config.notify.link).replace(/\/$/, '');
  const notifier = startNotifier(
    {
      due: (now, limit) => app.control.dueOutbox(now, limit),
      done: (id, channel, at) => app.control.outboxDone(id, channel, at),
      failed: (item) => app.control.outboxFailed(item),
    },
    channels,
    { nowUs: app.now, log, link: (alert) => `${base}/alerts/${encodeURIComponent(alert)}` },
  );
  app.pipeline.onCommit((c) => {
    if (c.alerts.length > 0) notifier.wake();
  });
  return ok(() => notifier.close());
}
