/**
 * URL mode. No ClickHouse server can be had in the tests, so the bridge stands in for one behind a TCP port: this shows
 * that client, schema and statements work by URL, and that searches are checked on our side; not that a real server's
 * accounts are set up well.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { openEventStore } from '../events.ts';
import { BlockEncoder } from '../native.ts';
import { startBridge, testEvent, testProvenance } from '../testing.ts';
import { StoreError } from './client.ts';
import { connectServer } from './engine.ts';

test('the same store works by URL, and guards searches itself', async (ctx) => {
  const bridge = await startBridge();
  let connections = 0;
  const proxy = createServer((tcp) => {
    connections++;
    const unix = connect(bridge.socket);
    tcp.pipe(unix).pipe(tcp);
    for (const s of [tcp, unix]) s.on('error', () => {});
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  ctx.after(async () => {
    proxy.close();
    await bridge.end();
  });
  const accounts = { url, user: 'vigil', password: 'i', queryUser: 'search', queryPassword: 's' };
  const client = await connectServer(accounts);
  const store = await openEventStore(client);
  const e = new BlockEncoder();
  e.add(testEvent({ 'user.name': 'root' }), testProvenance());
  await store.insert([e.finish()], 'one');
  const found = await store.query('SELECT user_name FROM vigil.events WHERE user_name = {u:String}', {
    u: 'root',
  });
  assert.deepEqual(found.rows, [['root']]);
  const seen = connections;
  await assert.rejects(
    store.query("SELECT file('/etc/passwd')", {}),
    (x) => x instanceof StoreError && x.kind === 'refused',
  );
  assert.equal(connections, seen);
  await client.close();
  await assert.rejects(
    connectServer({ ...accounts, password: 'wrong' }),
    (x) => x instanceof StoreError && x.code === 516,
  );
  await assert.rejects(
    connectServer({ ...accounts, url: 'http://127.0.0.1:9' }),
    (x) => x instanceof StoreError && x.kind === 'unavailable',
  );
});
