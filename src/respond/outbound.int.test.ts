/** The outbound client: bypass attempts, rebinding names, redirects, bounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Address,
  parseTarget,
  post,
  REQUEST_BYTES_MAX,
  RESPONSE_BYTES_MAX,
  resolveChecked,
} from './outbound.ts';
import { httpServer, readBody } from './respond-fixture.test.ts';

/** Resolves literals only, as the system does without DNS; every name is public. */
const resolve = async (host: string): Promise<readonly Address[]> => {
  if (/^[\d.]+$/.test(host)) return [{ address: host, family: 4 }];
  if (host.includes(':')) return [{ address: host, family: 6 }];
  if (/(^|\.)localhost\.?$/.test(host)) return [{ address: '127.0.0.1', family: 4 }];
  return [{ address: '8.8.8.8', family: 4 }];
};

const BYPASSES = [
  'http://127.0.0.1/',
  'http://127.1/',
  'http://127.0.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.1/',
  'http://0177.0.0.1/',
  'http://017700000001/',
  'http://0/',
  'http://0.0.0.0/',
  'http://127.0.0.1./',
  'http://localhost/',
  'http://LOCALHOST./',
  'http://a.localhost/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[0:0:0:0:0:ffff:169.254.169.254]/',
  'http://[::127.0.0.1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[2002:7f00:1::]/',
  'http://[fe80::1]/',
  'http://[fd00:ec2::254]/',
  'http://[fc00::1]/',
  'http://[ff02::1]/',
  'http://169.254.169.254/latest/meta-data/',
  'http://0xa9fea9fe/',
  'http://10.1.2.3/',
  'http://192.168.0.1/',
  'http://172.16.0.1/',
  'http://100.100.100.200/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://①②⑦.⓪.⓪.①/',
  'http://127。0。0。1/',
  'http://user@127.0.0.1/',
  'http://example.com:pw@127.0.0.1/',
  'http://example.com\\@127.0.0.1/x@',
  'file:///etc/passwd',
  'gopher://example.com/',
  'ftp://example.com/',
  'javascript:alert(1)',
  'data:text/plain,x',
  'http://',
  `http://example.com/${'a'.repeat(3000)}`,
] as const;

test('outbound: URLs that try to reach this machine or its network are refused', async () => {
  const reached: string[] = [];
  for (const url of BYPASSES) {
    const target = parseTarget(url);
    if (!target.ok) continue;
    const checked = await resolveChecked(target.value.hostname, { allowPrivate: false, resolve });
    // A backslash ends the host (WHATWG URL): what follows is path, so this one is example.com, a public name.
    if (checked.ok && target.value.hostname !== 'example.com')
      reached.push(`${url} -> ${checked.value[0]?.address}`);
  }
  assert.deepEqual(reached, []);
  assert.ok(BYPASSES.length >= 40);
});

test('outbound: allowPrivate opens local networks, never metadata, link-local, multicast or mapped', async () => {
  const o = { allowPrivate: true, resolve };
  for (const host of ['127.0.0.1', '10.0.0.1', '::1', 'fd12::1'])
    assert.ok((await resolveChecked(host, o)).ok, host);
  for (const host of [
    '169.254.169.254',
    'fe80::1',
    '224.0.0.1',
    '::ffff:127.0.0.1',
    '0.0.0.0',
    'fd00:ec2::254',
  ]) {
    assert.equal((await resolveChecked(host, o)).ok, false, host);
  }
});

test('outbound: one forbidden address among several refuses the name', async () => {
  const mixed = async (): Promise<Address[]> => [
    { address: '8.8.8.8', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ];
  const r = await resolveChecked('mixed.example.com', { allowPrivate: false, resolve: mixed });
  assert.match(r.ok ? '' : r.error, /127\.0\.0\.1/);
});

test('outbound: the name is resolved once, and the connection goes to the checked address', async () => {
  const hosts: string[] = [];
  await using server = await httpServer((req, res) => {
    hosts.push(req.headers.host ?? '');
    res.end();
  });
  let asked = 0;
  const rebinding = async (): Promise<Address[]> => {
    asked++;
    return [{ address: asked === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }];
  };
  const url = `http://rebind.example.com:${server.port}/`;
  const r = await post({ url, headers: {}, body: '{}' }, { allowPrivate: true, resolve: rebinding });
  assert.deepEqual(r, { ok: true, value: { status: 200 } });
  assert.equal(asked, 1);
  assert.deepEqual(hosts, [`rebind.example.com:${server.port}`]);
});

test('outbound: a private server is not even connected to unless allowed', async () => {
  let seen = 0;
  await using server = await httpServer((_req, res) => {
    seen++;
    res.end();
  });
  const r = await post(
    { url: `http://127.0.0.1:${server.port}/`, headers: {}, body: '' },
    { allowPrivate: false },
  );
  assert.match(r.ok ? '' : r.error, /private address 127\.0\.0\.1/);
  assert.equal(seen, 0);
});

test('outbound: redirects are answers, not followed', async () => {
  const paths: string[] = [];
  await using server = await httpServer((req, res) => {
    paths.push(req.url ?? '');
    res.writeHead(307, { location: '/secret' }).end();
  });
  const r = await post(
    { url: `http://127.0.0.1:${server.port}/hook`, headers: {}, body: '{}' },
    { allowPrivate: true },
  );
  assert.deepEqual(r, { ok: true, value: { status: 307 } });
  assert.deepEqual(paths, ['/hook']);
});

test('outbound: a server that never answers, answers without end, or a huge request', async () => {
  await using silent = await httpServer(() => {});
  const late = await post(
    { url: `http://127.0.0.1:${silent.port}/`, headers: {}, body: '' },
    { allowPrivate: true, requestMs: 150 },
  );
  assert.match(late.ok ? '' : late.error, /no answer within 150 ms/);
  let sent = 0;
  await using endless = await httpServer((_req, res) => {
    res.on('error', () => {});
    const more = (): void => {
      while (!res.destroyed && res.write(Buffer.alloc(16_384))) sent += 16_384;
    };
    res.on('drain', more);
    more();
  });
  await post(
    { url: `http://127.0.0.1:${endless.port}/`, headers: {}, body: '' },
    { allowPrivate: true, requestMs: 3000 },
  );
  assert.ok(sent < 100 * RESPONSE_BYTES_MAX, `${sent} bytes were taken`);
  const big = await post(
    { url: `http://127.0.0.1:${endless.port}/`, headers: {}, body: 'x'.repeat(REQUEST_BYTES_MAX + 1) },
    { allowPrivate: true },
  );
  assert.match(big.ok ? '' : big.error, /larger than/);
});

test('outbound: an abort ends a request under way', async () => {
  await using silent = await httpServer(async (req) => {
    await readBody(req);
  });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const r = await post(
    { url: `http://127.0.0.1:${silent.port}/`, headers: {}, body: '{}', signal: stop.signal },
    { allowPrivate: true },
  );
  assert.equal(r.ok, false);
});
