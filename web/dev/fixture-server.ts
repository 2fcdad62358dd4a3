/// <reference types="node" />
/**
 * Development only, never shipped: serves web/dist under the product's content policy and answers the API with invented
 * data, so that the console can be looked at without Vigil. `node web/dev/fixture-server.ts [port]`.
 *
 * User `admin`, any password but `wrong`. Special searches: a `((` gives a positioned error, `nothing` finds none,
 * `emptyrange` has no data, `slow` takes 3 s, `boom` fails. `?` after the port: `empty` starts with no logs at all.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import type { EventRow, SearchRequest, SearchResult } from '../../src/api/contract.ts';
import type { Alert, AlertStatus } from '../../src/model/alert.ts';
import { firstOf } from '../src/lib/queue-order.ts';
import * as data from './fixture-data.ts';

const PORT = Number(process.argv[2] ?? 8599);
const EMPTY = process.argv.includes('empty');
const DIST = join(import.meta.dirname, '..', 'dist');
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'";
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

const now = (): number => Date.now() * 1000;
let alerts: Alert[] = EMPTY ? [] : data.makeAlerts(now());
const streams = new Set<ServerResponse>();

function send(res: ServerResponse, code: number, body?: unknown): void {
  res.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(body === undefined ? undefined : JSON.stringify(body));
}
async function bodyOf(req: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of req) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

const NONE = {
  rows: [],
  columns: [],
  table: [],
  histogram: [],
  bucketUs: data.MIN,
  tookMs: 3,
  bytesRead: 0,
  rowsRead: 0,
  partial: false,
};

function search(q: SearchRequest): { code: number; body: unknown } {
  const at = q.query.indexOf('((');
  if (at >= 0)
    return {
      code: 400,
      body: {
        error: 'query',
        message: 'A closing parenthesis is missing.',
        position: { start: at, end: q.query.length },
        expected: [')', 'AND', 'OR'],
        suggestion: `${q.query.slice(at)}))`,
      },
    };
  if (q.query.includes('boom'))
    return { code: 500, body: { error: 'store', message: 'The store did not answer in time.' } };
  if (EMPTY || q.query === 'emptyrange')
    return { code: 200, body: { ...NONE, kind: 'events', total: 0, hasData: false } satisfies SearchResult };
  if (q.query === 'nothing')
    return {
      code: 200,
      body: { ...NONE, kind: 'events', total: 0, hasData: true, rowsRead: 63_000 } satisfies SearchResult,
    };
  const stats = /\|\s*stats count\(\) by ("(?:[^"\\]|\\.)*"|[\w.@-]+)/.exec(q.query);
  const bucketUs = data.bucketFor(q.from, q.to);
  const histogram = q.histogram ? data.points(q.from, q.to, bucketUs) : [];
  const total = data.points(q.from, q.to, bucketUs).reduce((n, p) => n + p.success + p.failure + p.other, 0);
  if (stats !== null) {
    const o = data.overview(q.from, q.to, data.countOpen(alerts));
    const tops = stats[1]?.includes('ip')
      ? o.topSources
      : stats[1]?.includes('user')
        ? o.topUsers
        : stats[1]?.includes('host')
          ? o.topHosts
          : o.topLogTypes;
    return {
      code: 200,
      body: {
        ...NONE,
        kind: 'table',
        columns: [stats[1] ?? '', 'count'],
        table: tops.map((t) => [t.value, t.count]),
        total,
        hasData: true,
        bytesRead: 4_100_000,
        rowsRead: total,
      } satisfies SearchResult,
    };
  }
  const wanted = [...q.query.matchAll(/([\w.]+) == "((?:[^"\\]|\\.)*)"/g)].map(
    (m) => [m[1] ?? '', m[2] ?? ''] as const,
  );
  const cell = (r: EventRow, f: string): string =>
    f === 'user.name'
      ? r.user
      : f === 'source.ip'
        ? r.sourceIp
        : f === 'host.name'
          ? r.host
          : f === 'event.action'
            ? r.action
            : f === 'event.outcome'
              ? r.outcome
              : r.source;
  const start = q.before === undefined ? 0 : 9_000_000 - Number(q.before.id.split('-')[1]) + 1;
  const rows: EventRow[] = [];
  for (let n = start; rows.length < q.limit && n < start + 20_000; n++) {
    const r = data.eventRow(n, q.to);
    if (r.ts < q.from) break;
    if (wanted.every(([f, v]) => cell(r, f) === v)) rows.push(r);
  }
  return {
    code: 200,
    body: {
      ...NONE,
      kind: 'events',
      rows,
      total,
      histogram,
      bucketUs,
      tookMs: 41,
      bytesRead: 12_400_000,
      rowsRead: total,
      partial: q.query.includes('partial'),
      hasData: true,
    } satisfies SearchResult,
  };
}

function alertPage(p: URLSearchParams): unknown {
  const counts: Record<AlertStatus, number> = { new: 0, acknowledged: 0, closed: 0 };
  const status = (p.get('status') ?? '').split(',').filter((s) => s !== '');
  const text = (p.get('q') ?? '').toLowerCase();
  const base = alerts.filter(
    (a) =>
      (p.get('severity') === null || a.severity === p.get('severity')) &&
      `${a.sentence} ${a.ruleTitle} ${a.entities.join(' ')}`.toLowerCase().includes(text),
  );
  for (const a of base) counts[a.status]++;
  const fit = base.filter((a) => status.length === 0 || status.includes(a.status));
  const sort = p.get('sort') === 'severity' ? 'severity' : 'newest';
  const before = p.get('before');
  const page = firstOf([fit], sort, fit.length).filter(
    (a) => before === null || a.openedAt < Number(before.split(':')[0]),
  );
  const total =
    status.length === 0
      ? counts.new + counts.acknowledged + counts.closed
      : status.reduce((n, s) => n + counts[s as AlertStatus], 0);
  return { alerts: page.slice(0, Number(p.get('limit') ?? 100)), total, counts };
}

function tell(message: { readonly kind: string; readonly [key: string]: unknown }): void {
  for (const s of streams) s.write(`event: ${message.kind}\ndata: ${JSON.stringify(message)}\n\n`);
}

function changeAlert(id: string, what: string, body: Record<string, unknown>): Alert | undefined {
  const old = alerts.find((a) => a.id === id);
  if (old === undefined) return undefined;
  const text =
    what === 'note'
      ? String(body['text'])
      : what === 'assignee'
        ? `Assigned to ${body['assignee']}.`
        : `${body['status']}${body['reason'] ? `: ${body['reason']}` : ''}`;
  const next: Alert = {
    ...old,
    ...(what === 'status' ? { status: body['status'] as AlertStatus, reason: String(body['reason']) } : {}),
    ...(what === 'assignee' ? { assignee: String(body['assignee']) } : {}),
    steps: [...old.steps, { at: now(), kind: what === 'note' ? 'note' : 'status', text, by: 'admin' }],
  };
  alerts = alerts.map((a) => (a.id === id ? next : a));
  tell({ kind: 'alert', change: 'updated', alert: next });
  return next;
}

const ME = {
  user: 'admin',
  role: 'admin',
  tenants: [
    { id: 'default', title: 'Own logs' },
    { id: 'demo', title: 'Demo company' },
  ],
  defaultTenant: 'default',
  mustChangePassword: false,
};
const LISTS = [
  {
    name: 'approved_cas',
    kind: 'text',
    values: ['Example Root CA', 'Example Issuing CA 1'],
    updatedAt: now() - 3 * data.DAY,
    updatedBy: 'admin',
  },
  {
    name: 'monitored_domains',
    kind: 'domain',
    values: ['example.com', 'example.org'],
    updatedAt: now() - 9 * data.DAY,
    updatedBy: 'admin',
  },
  {
    name: 'our_networks',
    kind: 'cidr',
    values: ['10.0.0.0/8'],
    updatedAt: now() - 9 * data.DAY,
    updatedBy: 'anna',
  },
];
const USERS = [
  { name: 'admin', role: 'admin', createdAt: now() - 30 * data.DAY, lastLogin: now() - 60 * data.S },
  { name: 'anna', role: 'analyst', createdAt: now() - 12 * data.DAY, lastLogin: now() - 2 * data.HOUR },
  { name: 'reports', role: 'viewer', createdAt: now() - 2 * data.DAY, lastLogin: 0 },
];
const TOKENS = [
  {
    id: '81fa',
    name: 'web servers, rsyslog',
    scope: 'ingest',
    sources: ['nginx', 'sshd'],
    createdAt: now() - 11 * data.DAY,
    expiresAt: now() + 200 * data.DAY,
    lastUsed: now() - 4 * data.S,
  },
  {
    id: '02bc',
    name: 'report script',
    scope: 'read',
    sources: [],
    createdAt: now() - 90 * data.DAY,
    expiresAt: now() - data.DAY,
    lastUsed: now() - 3 * data.DAY,
  },
];
const AUDIT = Array.from({ length: 60 }, (_, i) => ({
  at: now() - i * 7 * data.MIN,
  who: i % 4 === 3 ? '' : i % 3 === 0 ? 'admin' : 'anna',
  from: '10.0.1.9',
  action: i % 4 === 3 ? 'login' : i % 2 === 0 ? 'search' : 'alert.status',
  object: i % 2 === 0 ? 'event.outcome == "failure"' : 'a7c100005e0f9b21',
  outcome: i % 4 === 3 ? 'denied' : 'ok',
  detail: i % 4 === 3 ? 'wrong password for root' : '',
}));

function live(res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  streams.add(res);
  res.on('close', () => streams.delete(res));
}
setInterval(() => {
  const t = now();
  const rate = EMPTY ? 0 : 21 + 9 * Math.sin(t / 9e6) + 4 * Math.sin(t / 2.3e6);
  tell({ kind: 'rate', at: t, eventsPerSecond: rate, pending: EMPTY ? 0 : 12, openAlerts: 9 });
}, 1000);

async function api(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
  const path = url.pathname.slice('/api/v1'.length);
  const p = url.searchParams;
  const route = `${req.method} ${path}`;
  if (route === 'GET /status/public') return send(res, 200, { name: 'Vigil', version: '0.1.0', demo: false });
  if (route === 'POST /session') {
    if ((await bodyOf(req))['password'] === 'wrong')
      return send(res, 401, { error: 'wrong_login', message: 'user or password is wrong' });
    res.setHeader('set-cookie', 'fixture=1; HttpOnly; SameSite=Strict; Path=/');
    return send(res, 200, ME);
  }
  if (!/fixture=1/.test(req.headers.cookie ?? ''))
    return send(res, 401, { error: 'unauthenticated', message: 'Sign in first.' });
  const range: readonly [number, number] = [Number(p.get('from')), Number(p.get('to'))];
  const event = /^\/events\/(.+)$/.exec(path);
  const alert = /^\/alerts\/([^/]+)(?:\/(\w+))?$/.exec(path);
  if (event !== null) return send(res, 200, data.eventDetail(decodeURIComponent(event[1] ?? ''), now()));
  if (alert !== null && req.method === 'GET') {
    const found = alerts.find((a) => a.id === alert[1]);
    return found === undefined
      ? send(res, 404, { error: 'not_found', message: 'There is no such alert.' })
      : send(res, 200, data.detailOf(found, alerts, now()));
  }
  const rule = /^\/rules\/([^/]+)(?:\/(\w+)(?:\/(\d+))?)?$/.exec(path);
  if (rule !== null) {
    const [, id = '', part = '', n = ''] = rule;
    const found = data.ruleDetail(decodeURIComponent(id), now());
    if (found === undefined) return send(res, 404, { error: 'not_found', message: 'There is no such rule.' });
    if (part === 'versions') return send(res, 200, data.ruleText(id, Number(n), now()));
    if (part === 'tests')
      return send(res, 200, [
        { name: 'the eleventh failure', ok: true, reason: '' },
        { name: 'ten failures', ok: false, reason: 'it matched' },
      ]);
    return send(res, 200, found);
  }
  if (alert !== null) return send(res, 200, changeAlert(alert[1] ?? '', alert[2] ?? '', await bodyOf(req)));
  switch (route) {
    case 'GET /rule-summary':
      return send(res, 200, data.ruleList(now()).summary);
    case 'GET /session':
      return send(res, 200, ME);
    case 'DELETE /session':
      res.setHeader('set-cookie', 'fixture=0; Path=/; Max-Age=0');
      return send(res, 204);
    case 'POST /session/password':
      return send(res, 204);
    case 'GET /overview': {
      const o = data.overview(...range, data.countOpen(alerts));
      return send(
        res,
        200,
        EMPTY
          ? {
              ...o,
              events: [],
              failures: [],
              alerts: [],
              topSources: [],
              topHosts: [],
              topUsers: [],
              topLogTypes: [],
              total: 0,
            }
          : o,
      );
    }
    case 'GET /live':
      return live(res);
    case 'POST /search': {
      const q = (await bodyOf(req)) as unknown as SearchRequest;
      if (q.query.includes('slow')) await new Promise((r) => setTimeout(r, 3000));
      const { code, body } = search(q);
      return send(res, code, body);
    }
    case 'GET /fields':
      return send(res, 200, data.fieldInfo());
    case 'GET /alerts':
      return send(res, 200, alertPage(p));
    case 'GET /ledger':
      return send(
        res,
        200,
        EMPTY
          ? { totals: [], minutes: [], balanced: true, storeTrouble: '' }
          : {
              totals: data.ledgerTotals(true),
              minutes: data.ledgerMinutes(range[1]),
              balanced: false,
              storeTrouble: '',
            },
      );
    case 'GET /senders':
      return send(res, 200, EMPTY ? [] : data.senders(now()));
    case 'GET /rules':
      return send(res, 200, data.ruleList(now()));
    case 'GET /status':
      return send(res, 200, data.status(now()));
    case 'GET /lists':
      return send(res, 200, LISTS);
    case 'GET /users':
      return send(res, 200, USERS);
    case 'GET /tokens':
      return send(res, 200, TOKENS);
    case 'POST /tokens':
      return send(res, 200, { info: TOKENS[0], token: 'vgl_fixture_0123456789abcdef0123456789abcdef' });
    case 'POST /users':
      return send(res, 200, { user: USERS[1], password: 'otter-lamp-quiet-seven' });
    case 'GET /audit':
      return send(res, 200, AUDIT);
    default:
      return send(res, 404, { error: 'not_found', message: `No route ${route}` });
  }
}

async function page(res: ServerResponse, path: string): Promise<void> {
  const name = normalize(path).replace(/^(\.\.[/\\])+/, '');
  const file = extname(name) === '' ? 'index.html' : name;
  const body = await readFile(join(DIST, file)).catch(() => undefined);
  if (body === undefined) return send(res, 404);
  res.writeHead(200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  res.end(body);
}

const server = createServer((req, res) => {
  const url = new URL(req.url ?? '/', 'http://fixture');
  const done = url.pathname.startsWith('/api/v1/') ? api(req, res, url) : page(res, url.pathname);
  done.catch((e: unknown) => send(res, 500, { error: 'fixture', message: String(e) }));
});
server.listen(PORT, '127.0.0.1', () => {
  const at = server.address();
  console.log(
    `fixture console on http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : PORT}`,
  );
});
