import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../base/log.ts';
import { askRunning, openCommandSocket } from './command-socket.ts';

const request = { argv: ['x'], cwd: '/', tty: false };

test('a client that says nothing is cut off, a crowd of them does not stop the next command', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-socket-'));
  const close = await openCommandSocket(
    dir,
    async (_r, reply) => {
      reply({ out: 'done' });
      return 7;
    },
    silentLog,
    200,
  );
  const silent = Array.from({ length: 60 }, () => connect(join(dir, 'command.sock')));
  await Promise.all(
    silent.map((s) => {
      s.on('error', () => {});
      return new Promise((r) => s.once('close', r));
    }),
  );
  const lines: string[] = [];
  assert.equal(await askRunning(dir, request, (r) => lines.push(r.out ?? '')), 7);
  assert.equal(lines[0], 'done');
  await close();
});

test('a client that reads nothing does not fill the memory: its command is ended', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-socket-'));
  let ended = false;
  const line = 'x'.repeat(1_000_000);
  const close = await openCommandSocket(
    dir,
    async (_r, reply, signal) => {
      for (let i = 0; i < 200 && !signal.aborted; i++) {
        reply({ out: line });
        await new Promise((r) => setImmediate(r));
      }
      ended = signal.aborted;
      return 0;
    },
    silentLog,
  );
  const socket = connect(join(dir, 'command.sock'));
  socket.on('error', () => {});
  socket.write(`${JSON.stringify(request)}\n`);
  for (let i = 0; i < 100 && !ended; i++) await new Promise((r) => setTimeout(r, 30));
  assert(ended);
  socket.destroy();
  await close();
});
