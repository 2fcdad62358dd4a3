import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from '../model/event.ts';
import { type DecodingFacts, type Flag, flagsOf, noFacts, trimDots } from './flags.ts';
import { JSON_NODES_MAX, parseJson } from './json.ts';

function flags(
  text: string,
  values: Record<string, unknown> = {},
  over: { raw?: Buffer; source?: string } = {},
): readonly Flag[] {
  const fields = new EventFields();
  for (const [k, v] of Object.entries(values)) fields.set(k, v as string);
  const raw = over.raw ?? Buffer.from(text);
  return flagsOf({
    raw,
    text,
    fields,
    entities: [],
    facts: noFacts(),
    headOnly: false,
    json: text.startsWith('{'),
    source: over.source ?? 'test',
  });
}

test('ordinary text of many languages has no flag', () => {
  const ordinary = [
    'Failed password for root from 10.0.1.5 port 52144 ssh2',
    'Øystein Ærlig åpnet døra – «ferdig» … 100 µs, 5 μs, 20 °C',
    'Пароль неверен для пользователя иван',
    'ログイン失敗：管理者',
    'تسجيل الدخول می‌خواهم',
    'Σίσυφος 😀 👩‍👩‍👧 naïve café 212 K',
    'C:\\Users\\bob\\unzip \u001b[31mred\u001b[0m\ttab',
  ];
  for (const t of ordinary) assert.deepEqual(flags(t, { message: t }), [], t);
});

test('characters that hide', () => {
  const table: readonly (readonly [string, Flag])[] = [
    ['mimi\u200bkatz', 'invisible_characters'],
    ['mimi\u00adkatz', 'invisible_characters'],
    ['\ufeffmimikatz', 'invisible_characters'],
    ['evil\u202egpj.exe', 'invisible_characters'],
    ['ｍimikatz', 'lookalike_characters'],
    ['／etc／passwd', 'lookalike_characters'],
    ['mіmikatz', 'lookalike_characters'],
    ['mi\u0301mikatz', 'lookalike_characters'],
    ['admın', 'lookalike_characters'],
    ['\u{1d426}imikatz', 'lookalike_characters'],
    ['mimi\0katz', 'control_characters'],
    ['mimi\x7fkatz', 'control_characters'],
    ['mimi\u0085katz', 'control_characters'],
  ];
  for (const [t, flag] of table) {
    assert.deepEqual(flags(t, { message: t }), [flag], JSON.stringify(t));
    // Escaped in the bytes, decoded in a value; or in a name.
    assert.deepEqual(flags(JSON.stringify(t).replace(/[^ -~]/gu, '\\u0000'), { message: t }), [flag], t);
    assert.ok(flags(t, { [t]: 'x' }).includes(flag), `${t} as a name`);
  }
  // Decoded from hex by a source: nothing in the bytes shows it.
  assert.deepEqual(flags('a0=6D', { message: 'm\u200bm' }, { source: 'auditd' }), ['invisible_characters']);
});

test('bytes that are no UTF-8, values that do not fit', () => {
  assert.deepEqual(flags('a\ufffdb', {}, { raw: Buffer.from([0x61, 0xff, 0x62]) }), ['invalid_utf8']);
  assert.deepEqual(flags('a\ufffdb'), [], 'U+FFFD itself is a character');
  assert.deepEqual(flags('', { 'source.ip': '010.0.0.1' }), ['invalid_value']);
  assert.deepEqual(flags('', { 'process.command_line': ['a', 'b'] }), ['several_values']);
  assert.deepEqual(flags('', { 'process.command_line': ['a', 'a'], 'app.list': ['a', 'b'] }), []);
});

function facts(text: string): DecodingFacts {
  const f = noFacts();
  parseJson(text, f);
  return f;
}

test('a key twice in one object, whatever the text looks like', () => {
  const twice = [
    '{"a":1,"a":2}',
    '{"a" \t:1,"a"\r\n:2}',
    '{"b":{"a":1,"a":2}}',
    '[{"a":1,"a":1}]',
    '{"a":1,"\\u0061":2}',
    '{"a":1.50,"a":2}',
    '{"x\\\\":1,"x\\\\":2}',
    '{"x\\"":1,"x\\"":2,"t":":"}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ];
  for (const t of twice) assert.equal(facts(t).duplicateKey, true, t);
  const once = [
    '{"a":1,"b":{"a":2},"c":[{"a":1},{"a":2}]}',
    '{"a":"\\"x\\":1 \\"y\\": 2","b":" : \\" : "}',
    '{"a\\":":1,"b":"c:\\\\"}',
    '{"a":"\\\\\\\\","b":":"}',
    '{"a":1,"A":2}',
    '[]',
    '"\\":"',
    '{"n":1.50,"m":{"n":2}}',
    'no JSON "a":1,"a":2',
  ];
  for (const t of once) assert.equal(facts(t).duplicateKey, false, t);
  assert.equal(facts(`[${'0,'.repeat(JSON_NODES_MAX + 1)}0]`).leftOut, true);
  assert.equal(facts(`[${'0,'.repeat(JSON_NODES_MAX - 2)}0]`).leftOut, false);
  assert.equal(facts(`[${'0,'.repeat(200_000)}0]`).leftOut, true, 'a long one');
});

test('host names lose their trailing dots, the root and other text do not', () => {
  const f = new EventFields();
  f.set('dns.question.name', 'example.com.');
  f.set('url.domain', '.');
  f.set('host.name', 'web01...');
  f.set('x509.alternative_names', ['a.example.com.', 'b.example.com']);
  f.set('message', 'ends.');
  trimDots(f);
  assert.deepEqual(Object.fromEntries(f.entries()), {
    'dns.question.name': 'example.com',
    'url.domain': '.',
    'host.name': 'web01',
    'x509.alternative_names': ['a.example.com', 'b.example.com'],
    message: 'ends.',
  });
});
