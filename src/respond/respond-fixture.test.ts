/** Alerts and local servers for the tests of this folder. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { Alert } from '../model/alert.ts';
import type { DueItem, Notice } from './notice.ts';

export const HOSTILE = 'web01\r\nBcc: evil@example.net\r\n\r\n.\r\n\u202egnp.exe\u001b[2J\u0000';

export const anAlert = (change: Partial<Alert> = {}): Alert => ({
  id: 'a1',
  tenant: 'default',
  origin: 'live',
  rule: 'r1',
  ruleTitle: 'Many failed logins',
  ruleVersion: '1',
  author: 'Vigil',
  key: ['source.ip=10.0.1.5'],
  severity: 'high',
  sentence: 'Brute force attack detected from 10.0.1.5 targeting SSH on 5 servers',
  attack: ['T1110.001'],
  status: 'new',
  assignee: '',
  reason: '',
  firstSeen: 1_700_000_000_000_000,
  lastSeen: 1_700_000_060_000_000,
  openedAt: 1_700_000_060_000_000,
  updatedAt: 1_700_000_060_000_000,
  count: 11,
  entities: ['ip:10.0.1.5', 'host:web01'],
  hosts: ['web01'],
  hostCount: 1,
  events: [],
  eventRefs: [],
  nextSteps: ['Block the address.'],
  steps: [],
  late: false,
  follows: '',
  ...change,
});

export const aNotice = (change: Partial<Alert> = {}): Notice => ({
  id: 'n1',
  event: 'opened',
  alert: anAlert(change),
  link: 'https://vigil.example.com/alerts/a1',
});

export const anItem = (change: Partial<DueItem> = {}): DueItem => ({
  id: 'n1',
  channel: 'webhook',
  alert: 'a1',
  event: 'opened',
  payload: JSON.stringify(anAlert()),
  attempts: 0,
  ...change,
});

export type Local = AsyncDisposable & { readonly port: number };

export async function httpServer(listener: RequestListener): Promise<Local> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function readBody(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

export type Mail = { readonly commands: string[]; readonly data: string };

const ANSWERS = new Map([
  ['DATA', '354 go on'],
  ['QUIT', '221 bye'],
  ['STARTTLS', '502 not here'],
]);

/** The least SMTP server: takes everything, keeps what it was told. */
export async function smtpSink(mails: Mail[], mute = false): Promise<Local> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (mute) return;
    let buffer = '';
    let data = false;
    let commands: string[] = [];
    socket.setEncoding('utf8');
    socket.write('220 sink\r\n');
    socket.on('data', (chunk: string) => {
      buffer += chunk;
      for (;;) {
        const end = data ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n');
        if (end < 0) return;
        const text = buffer.slice(0, end);
        buffer = buffer.slice(end + (data ? 5 : 2));
        if (data) {
          mails.push({ commands, data: text });
          commands = [];
          data = false;
          socket.write('250 taken\r\n');
          continue;
        }
        commands.push(text);
        data = text.toUpperCase() === 'DATA';
        socket.write(`${ANSWERS.get(text.toUpperCase()) ?? '250 fine'}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const s of sockets) s.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
