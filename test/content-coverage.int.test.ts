/**
 * What content/rules covers: rules per ATT&CK tactic and per platform, printed, and what every rule of ours must have.
 * Falls below the bars where rules go or lose their tests, tags or next steps.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { loadRules } from '../src/detect/load.ts';
import type { Rule } from '../src/detect/rule.ts';
import { readTaxonomy } from '../src/detect/taxonomy.ts';

const CONTENT = join(import.meta.dirname, '../content');
const RULES_MIN = 80;
const TACTICS_MIN = 12;
const PLATFORMS = [
  'windows',
  'linux',
  'aws',
  'azure',
  'gcp',
  'kubernetes',
  'identity',
  'saas',
  'web',
  'network',
  'dns',
  'certificates and keys',
  'other products',
];
/** What another product found is the other product's to classify. */
const UNTAGGED = new Set(['vendor_alert', 'sensor_alert']);

const { set, problems } = loadRules([join(CONTENT, 'rules')], {
  taxonomy: readTaxonomy(join(CONTENT, 'taxonomy')),
});
/** Rules in the condition language are shipped exactly as they were given to us: name, condition, severity, response. */
const asGiven = (r: Rule): boolean => r.file === 'certificate/certificate_watch.yml';
const alerting = set.rules.filter((r) => r.alerts && r.level !== 'informational' && !asGiven(r));
const isTactic = (tag: string): boolean => !/^[TSG]\d{4}/.test(tag);

/** Platforms of a rule: by its folder, its log source, and, for what looks at any host, by its tests' own words. */
function platformsOf(r: Rule): string[] {
  const folder = r.file.split('/')[0] ?? '';
  const source = r.kind === 'rule' ? r.logsource : '';
  const out: string[] = [];
  if (/^(?:aws|azure|gcp)_/.test(r.name)) out.push(r.name.slice(0, r.name.indexOf('_')));
  else if (r.name.startsWith('cloud_')) out.push('aws', 'gcp');
  if (folder === 'kubernetes') out.push('kubernetes');
  if (folder === 'identity' || folder === 'authentication') out.push('identity');
  if (folder === 'saas') out.push('saas');
  if (folder === 'web') out.push('web');
  if (folder === 'network') out.push('network');
  if (folder === 'dns') out.push('dns');
  if (folder === 'certificate' || folder === 'key') out.push('certificates and keys');
  if (folder === 'vendor') out.push('other products');
  if (source.startsWith('windows') || /\\\\|\.exe|winlog\./.test(r.yaml)) out.push('windows');
  if (source.startsWith('linux') || /\/etc\/|\/tmp|bash|sudo|ssh_login/.test(r.yaml)) out.push('linux');
  return out;
}

function count(rules: readonly Rule[], keysOf: (r: Rule) => readonly string[]): Map<string, number> {
  const out = new Map<string, number>();
  for (const r of rules) for (const k of new Set(keysOf(r))) out.set(k, (out.get(k) ?? 0) + 1);
  return out;
}
const shown = (m: ReadonlyMap<string, number>): string =>
  [...m]
    .sort((a, b) => b[1] - a[1])
    .map(([k, n]) => `${k} ${n}`)
    .join(', ');

test('rules of ours: how many, over which tactics and platforms', () => {
  assert.deepEqual(problems, []);
  const tactics = count(alerting, (r) => r.attack.filter(isTactic));
  const platforms = count(alerting, platformsOf);
  console.log(`${set.rules.length} rules, ${alerting.length} of them raise alerts`);
  console.log(`tactics: ${shown(tactics)}`);
  console.log(`platforms: ${shown(platforms)}`);
  assert.ok(alerting.length >= RULES_MIN, `only ${alerting.length} rules raise alerts`);
  assert.ok(tactics.size >= TACTICS_MIN, `only ${tactics.size} tactics: ${[...tactics.keys()].join(', ')}`);
  for (const p of PLATFORMS) assert.ok((platforms.get(p) ?? 0) >= 3, `fewer than 3 rules for ${p}`);
});

test('each has tests beside it, tags, next steps, a sentence, an author and a description', () => {
  const lacks: string[] = [];
  for (const r of alerting) {
    const say = (what: string): void => void lacks.push(`${r.file} ${r.name}: ${what}`);
    if (!existsSync(join(CONTENT, 'rules', r.file.replace(/\.ya?ml$/, '.test.yml')))) say('no tests');
    if (r.attack.length === 0 && !UNTAGGED.has(r.name)) say('no ATT&CK tags');
    if (r.attack.length > 0 && !r.attack.some((t) => /^T\d{4}/.test(t))) say('no ATT&CK technique');
    if (r.nextSteps.length === 0) say('no next steps');
    if (r.sentence === null && r.escalates === '') say('no sentence');
    if (r.author === '' || r.title === '') say('no author or title');
    if (r.description === '') say('no description');
  }
  assert.deepEqual(lacks, []);
});

test('ids and names are one rule each, and titles tell rules apart', () => {
  for (const part of ['id', 'name', 'title'] as const) {
    const seen = count(
      set.rules.filter((r) => !asGiven(r)),
      (r) => [r[part]],
    );
    assert.deepEqual(
      [...seen].filter(([, n]) => n > 1).map(([k]) => k),
      [],
      part,
    );
  }
});
