/** No test, but what the API's tests stand on: a whole API over a real control database and canned answers for the rest, with a clock that tests can move. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../base/log.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import { openControl } from '../store/control/open-control.ts';
import type { LiveMessage, Overview, Role, SearchResult } from './contract.ts';
import type { ApiControl, ApiDeps, ApiRules, IngestHandler } from './deps.ts';
import { PasswordGate } from './password-gate.ts';
import { newToken } from './secrets.ts';
import { type Api, type ApiOptions, makeApi } from './server.ts';

const noSeverities = { informational: 0, low: 0, medium: 0, high: 0, critical: 0 };
const OVERVIEW: Overview = {
  from: 0,
  to: 1,
  bucketUs: 1,
  events: [],
  failures: [],
  alerts: [],
  openAlerts: noSeverities,
  topSources: [],
  topHosts: [],
  topUsers: [],
  topLogTypes: [],
  topActions: [],
  total: 0,
};
const RESULT: SearchResult = {
  kind: 'events',
  rows: [],
  columns: [],
  table: [],
  total: 0,
  histogram: [],
  bucketUs: 1,
  tookMs: 0,
  bytesRead: 0,
  rowsRead: 0,
  partial: false,
  hasData: true,
};

/** No rule is there. */
const NO_RULES: ApiRules = {
  list: async () => ({
    rules: [],
    summary: {
      total: 0,
      byMode: { off: 0, shadow: 0, risk: 0, alerting: 0 },
      dead: 0,
      problems: 0,
      proposals: 0,
      exceptions: 0,
    },
    from: 0,
    to: 0,
    trouble: '',
  }),
  info: () => undefined,
  detail: async () => undefined,
  version: () => undefined,
  tests: async () => undefined,
  coverage: async () => ({ techniques: [], tactics: [], layer: {} }),
  exceptions: () => [],
  setMode: async () => ({ kind: 'unknown' }),
  accept: async () => ({ kind: 'unknown' }),
  rollback: async () => ({ kind: 'unknown' }),
  except: async () => ({ kind: 'unknown' }),
  endException: async () => ({ kind: 'unknown' }),
};

export type Fixture = {
  readonly api: Api;
  readonly control: ControlStore;
  readonly dir: string;
  /** What the API logged. */
  readonly logged: string[];
  /** Sends a live message to all streams. */
  readonly emit: (m: LiveMessage) => void;
  readonly clock: { us: number };
  readonly tenants: { id: string; title: string }[];
  /** A user with this password, hashed once per password for speed. */
  user(name: string, password: string, role: Role): Promise<void>;
  token(
    scope: 'ingest' | 'read' | 'admin',
    more?: { expiresAt?: number; tenant?: string },
  ): Promise<{ id: string; text: string }>;
  /** The cookie of a fresh login. */
  login(name: string, password: string): Promise<string>;
  close(): Promise<void>;
};

const hashes = new Map<string, Promise<string>>();
const gate = new PasswordGate();
const hashOf = (password: string): Promise<string> => {
  const known = hashes.get(password) ?? gate.hash(password);
  hashes.set(password, known);
  return known;
};

export async function fixture(
  options: Partial<ApiOptions> & { deps?: Partial<ApiDeps>; ingest?: IngestHandler } = {},
): Promise<Fixture> {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-api-'));
  const control = openControl(join(dir, 'control.db'));
  const apiControl: ApiControl = control;
  const logged: string[] = [];
  const write = (what: string, detail?: object): void =>
    void logged.push(`${what} ${JSON.stringify(detail)}`);
  const log: Log = { info: write, warn: write, error: write };
  const clock = { us: Date.now() * 1000 };
  const started = { wall: Date.now() * 1000 };
  const tenants = [{ id: 'default', title: 'Default' }];
  const listeners = new Set<(m: LiveMessage) => void>();
  const deps: ApiDeps = {
    version: '0.0.0-test',
    control: apiControl,
    log,
    // Runs on, and can be moved.
    now: () => clock.us + (Date.now() * 1000 - started.wall),
    tenants: () => tenants,
    demo: () => tenants.length > 1,
    overview: async () => OVERVIEW,
    search: async () => RESULT,
    fields: () => [],
    assist: () => ({ tokens: [], completions: [] }),
    event: async () => undefined,
    ledger: async () => ({ totals: [], minutes: [], balanced: true, storeTrouble: '' }),
    senders: async () => [],
    rules: NO_RULES,
    backtest: async () => ({ kind: 'problem', message: 'no store here' }),
    status: async () => ({
      version: '',
      startedAt: 0,
      warnings: [],
      collectors: [],
      store: { ok: true, version: '', rows: 0, bytesOnDisk: 0, detachedParts: 0 },
      journal: { bytes: 0, bytesMax: 1, pendingRecords: 0 },
      eventsPerSecond: 0,
    }),
    live: (_tenants, send) => {
      listeners.add(send);
      return () => void listeners.delete(send);
    },
    ingest:
      options.ingest ??
      (async ({ stream }) => {
        for await (const _ of stream);
        return { status: 200, body: { accepted: 1, duplicate: false } };
      }),
    ...options.deps,
  };
  const { deps: _, ingest: __, ...rest } = options;
  const api = await makeApi(deps, { hosts: [], ...rest }).catch((e: unknown) => {
    control.close();
    rmSync(dir, { recursive: true });
    throw e;
  });
  const entry = {
    at: clock.us,
    who: 'test',
    from: 'local',
    action: 'setup',
    object: '',
    outcome: 'ok',
    detail: '',
  };
  return {
    api,
    control,
    dir,
    logged,
    emit: (m) => {
      for (const f of listeners) f(m);
    },
    clock,
    tenants,
    user: async (name, password, role) => {
      const hash = await hashOf(password);
      const made = { name, hash, role, mustChangePassword: false, createdAt: clock.us, lastLogin: 0 };
      assert.ok(await control.createUser(made, entry));
    },
    token: async (scope, more = {}) => {
      const t = newToken();
      const base = {
        name: `t-${scope}`,
        scope,
        sources: [],
        tenant: 'default',
        createdBy: 'test',
        lastFrom: '',
      };
      const times = { createdAt: clock.us, expiresAt: 0, lastUsed: 0, revokedAt: 0 };
      await control.createToken({ id: t.id, hash: t.hash, ...base, ...times, ...more }, entry);
      return t;
    },
    login: async (user, password) => {
      const r = await api.app.inject({ method: 'POST', url: '/api/v1/session', payload: { user, password } });
      assert.equal(r.statusCode, 200, r.body);
      const set = r.cookies[0];
      assert.ok(set);
      return `${set.name}=${set.value}`;
    },
    close: async () => {
      await api.close();
      control.close();
      rmSync(dir, { recursive: true });
    },
  };
}
