/** All tables of the control database, for kysely. Row types live beside their tables. */
import type { AlertEntityRow, AlertRow, AlertStepRow } from './tables/alerts.ts';
import type { AuditRow } from './tables/audit.ts';
import type { CheckpointRow } from './tables/checkpoints.ts';
import type { DedupRow } from './tables/dedup.ts';
import type { LedgerReasonRow, LedgerRow } from './tables/ledger.ts';
import type { ListRow } from './tables/lists.ts';
import type { MetaRow } from './tables/meta.ts';
import type { OutboxRow } from './tables/outbox.ts';
import type { RuleStatRow } from './tables/rule-stats.ts';
import type { SessionRow } from './tables/sessions.ts';
import type { SettingRow } from './tables/settings.ts';
import type { TokenRow } from './tables/tokens.ts';
import type { UserRow } from './tables/users.ts';

export type Schema = {
  meta: MetaRow;
  users: UserRow;
  sessions: SessionRow;
  tokens: TokenRow;
  audit: AuditRow;
  alerts: AlertRow;
  alert_entities: AlertEntityRow;
  alert_steps: AlertStepRow;
  ledger: LedgerRow;
  ledger_reasons: LedgerReasonRow;
  checkpoints: CheckpointRow;
  outbox: OutboxRow;
  dedup: DedupRow;
  lists: ListRow;
  rule_stats: RuleStatRow;
  settings: SettingRow;
};
