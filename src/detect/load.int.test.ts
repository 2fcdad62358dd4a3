/** Rule files on disk: loading, reloading, what is broken keeps its old version; the rule set as text. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { loadRules } from './load.ts';
import { modeOf, parseRuleSet, ruleSetText } from './rule.ts';
import { readTaxonomy } from './taxonomy.ts';
import { TEST_TAXONOMY } from './testing.ts';

const rule = (id: string, value = 'x'): string =>
  `title: Rule ${id}\nid: ${id}\ntaxonomy: ecs\nlogsource: { category: test }\ndetection: { s: { a: ${value} }, condition: s }\n`;

function folder(t: { after(f: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-rules-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('folders are read in depth, tests are no rules, links are not followed', (t) => {
  const dir = folder(t);
  mkdirSync(join(dir, 'web'));
  writeFileSync(join(dir, 'a.yml'), `${rule('a')}---\n${rule('a2')}`);
  writeFileSync(join(dir, 'web', 'b.yaml'), rule('b'));
  writeFileSync(join(dir, 'a.test.yml'), 'not: a rule');
  writeFileSync(join(dir, 'notes.txt'), 'x');
  symlinkSync('/etc/passwd', join(dir, 'link.yml'));
  const { set, problems } = loadRules([dir], { taxonomy: TEST_TAXONOMY });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    set.rules.map((r) => [r.id, r.file, r.line]),
    [
      ['a', 'a.yml', 1],
      ['a2', 'a.yml', 7],
      ['b', 'web/b.yaml', 1],
    ],
  );
});

test('a broken file keeps its old version and says why; a removed one goes', (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'a.yml'), rule('a'));
  writeFileSync(join(dir, 'b.yml'), rule('b'));
  const first = loadRules([dir], { taxonomy: TEST_TAXONOMY });
  const version = first.set.rules[0]?.version;
  writeFileSync(join(dir, 'a.yml'), rule('a').replace('condition: s', 'condition: nobody'));
  rmSync(join(dir, 'b.yml'));
  const second = loadRules([dir], { taxonomy: TEST_TAXONOMY, previous: first.set });
  assert.deepEqual(
    second.set.rules.map((r) => [r.id, r.version]),
    [['a', version]],
  );
  assert.equal(second.problems.length, 1);
  assert.equal(second.problems[0]?.file, 'a.yml');
  assert.match(second.problems[0]?.reason ?? '', /no selection 'nobody'/);
  writeFileSync(join(dir, 'a.yml'), rule('a', 'y'));
  const third = loadRules([dir], { taxonomy: TEST_TAXONOMY, previous: second.set });
  assert.deepEqual(third.problems, []);
  assert.notEqual(third.set.rules[0]?.version, version);
  assert.notEqual(third.set.hash, second.set.hash);
});

test('the same id twice: the first stays, the second is a problem that names it', (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'a.yml'), rule('same'));
  writeFileSync(join(dir, 'b.yml'), rule('same', 'y'));
  const { set, problems } = loadRules([dir], { taxonomy: TEST_TAXONOMY });
  assert.deepEqual(
    set.rules.map((r) => r.file),
    ['a.yml'],
  );
  assert.match(problems[0]?.reason ?? '', /taken by a\.yml line 1/);
});

test('a missing folder is a problem, not a crash', () => {
  const { set, problems } = loadRules(['/nonexistent/rules'], { taxonomy: TEST_TAXONOMY });
  assert.equal(set.rules.length, 0);
  assert.match(problems[0]?.reason ?? '', /cannot be read/);
});

test('rule set text: the same back, whatever the order of files; altered or newer text is refused', (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'a.yml'), rule('a'));
  writeFileSync(join(dir, 'b.yml'), rule('b'));
  const { set } = loadRules([dir], { taxonomy: TEST_TAXONOMY });
  const text = ruleSetText(set);
  assert.deepEqual(parseRuleSet(text), { ok: true, value: set });
  const altered = parseRuleSet(text.replace('"Rule a"', '"Rule A"'));
  assert.match(altered.ok ? '' : altered.error, /altered/);
  const newer = parseRuleSet(text.replace('"format":2', '"format":3'));
  assert.match(newer.ok ? '' : newer.error, /newer Vigil/);
  assert.equal(parseRuleSet('{').ok, false);
  // What 0.1.0 wrote: no modes, which means alerting.
  const old = parseRuleSet(text.replace('"format":2', '"format":1'));
  assert.deepEqual(old.ok && old.value.rules.map(modeOf), ['alerting', 'alerting']);
});

test('our taxonomy can be read, and means what it should', () => {
  const t = readTaxonomy(join(import.meta.dirname, '../../content/taxonomy'));
  assert.ok(t.sources.length > 50);
  assert.deepEqual(t.prefixes.get('windows'), ['winlog.event_data.']);
});
