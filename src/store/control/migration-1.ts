/** Format 1: every table. Built with kysely so that another engine gets the same shapes; the two triggers are SQLite's. */
import type { CreateTableBuilder } from 'kysely';
import type { Sql } from './sql.ts';

type Table = CreateTableBuilder<string, string>;
const text = (t: Table, ...names: string[]): Table =>
  names.reduce((b, n) => b.addColumn(n, 'text', (c) => c.notNull()), t);
const int = (t: Table, ...names: string[]): Table =>
  names.reduce((b, n) => b.addColumn(n, 'bigint', (c) => c.notNull().defaultTo(0)), t);

export function firstSchema(sql: Sql): void {
  access(sql);
  alerts(sql);
  flow(sql);
  sql.script(`
    create trigger audit_no_update before update on audit begin select raise(abort, 'the audit is append only'); end;
    create trigger audit_no_delete before delete on audit begin select raise(abort, 'the audit is append only'); end;
  `);
}

function make(sql: Sql, name: string, key: readonly string[], build: (t: Table) => Table): void {
  const table = build(sql.db.schema.createTable(name) as Table);
  sql.run(key.length === 0 ? table : table.addPrimaryKeyConstraint(`${name}_pk`, [...key]));
}
function index(sql: Sql, table: string, columns: readonly string[]): void {
  sql.run(
    sql.db.schema
      .createIndex(`${table}_by_${columns.join('_')}`)
      .on(table)
      .columns([...columns]),
  );
}

function access(sql: Sql): void {
  make(sql, 'meta', ['key'], (t) => text(t, 'key', 'value'));
  make(sql, 'settings', ['key'], (t) => text(t, 'key', 'value'));
  make(sql, 'users', ['name'], (t) =>
    int(text(t, 'name', 'hash', 'role'), 'must_change', 'created_at', 'last_login'),
  );
  make(sql, 'sessions', ['hash'], (t) =>
    int(text(t, 'hash', 'user', 'address'), 'created_at', 'seen_at', 'expires_at'),
  );
  index(sql, 'sessions', ['user']);
  make(sql, 'tokens', ['id'], (t) =>
    int(
      text(t, 'id', 'hash', 'name', 'scope', 'sources', 'tenant', 'created_by', 'last_from'),
      'created_at',
      'expires_at',
      'last_used',
      'revoked_at',
    ),
  );
  make(sql, 'audit', [], (t) =>
    text(
      int(t.addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement()) as Table, 'at'),
      'who',
      'address',
      'action',
      'object',
      'outcome',
      'detail',
    ),
  );
  index(sql, 'audit', ['at']);
}

function alerts(sql: Sql): void {
  make(sql, 'alerts', ['id'], (t) =>
    int(
      text(
        t,
        'id',
        'tenant',
        'rule',
        'origin',
        'severity',
        'status',
        'assignee',
        'reason',
        'search',
        'body',
        'evidence',
      ),
      'severity_rank',
      'first_seen',
      'last_seen',
      'opened_at',
      'updated_at',
      'touched_at',
      'count',
    ),
  );
  index(sql, 'alerts', ['tenant', 'opened_at', 'id']);
  index(sql, 'alerts', ['tenant', 'status', 'opened_at']);
  make(sql, 'alert_entities', ['alert', 'entity'], (t) => text(t, 'alert', 'entity', 'tenant'));
  index(sql, 'alert_entities', ['tenant', 'entity']);
  make(sql, 'alert_steps', [], (t) =>
    text(
      int(t.addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement()) as Table, 'at'),
      'alert',
      'kind',
      'text',
      'by',
    ),
  );
  index(sql, 'alert_steps', ['alert']);
}

function flow(sql: Sql): void {
  make(sql, 'ledger', ['minute', 'tenant', 'door', 'sender'], (t) =>
    int(
      text(t, 'tenant', 'door', 'sender'),
      'minute',
      'received',
      'bytes',
      'evaluated',
      'kernel_drops',
      'stored',
      'quarantined',
      'asked_at',
    ),
  );
  make(sql, 'ledger_reasons', ['minute', 'tenant', 'door', 'sender', 'kind', 'reason'], (t) =>
    int(text(t, 'tenant', 'door', 'sender', 'kind', 'reason'), 'minute', 'n'),
  );
  make(sql, 'checkpoints', ['kind', 'name'], (t) => text(t, 'kind', 'name', 'pos'));
  make(sql, 'outbox', ['id', 'channel'], (t) =>
    int(
      text(t, 'id', 'channel', 'alert', 'event', 'payload', 'last_error'),
      'created_at',
      'attempts',
      'next_at',
      'done_at',
      'gave_up',
    ),
  );
  index(sql, 'outbox', ['done_at', 'next_at']);
  make(sql, 'dedup', ['tenant', 'key'], (t) => int(text(t, 'tenant', 'key'), 'at'));
  index(sql, 'dedup', ['at']);
  make(sql, 'lists', ['name', 'valid_from'], (t) =>
    int(text(t, 'name', 'kind', 'members', 'updated_by'), 'valid_from', 'valid_to'),
  );
  make(sql, 'rule_stats', ['rule'], (t) => int(text(t, 'rule'), 'matched', 'last_matched'));
}
