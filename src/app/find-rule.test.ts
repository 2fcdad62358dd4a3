import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rulesFromFiles } from '../detect/load.ts';
import { TEST_TAXONOMY } from '../detect/testing.ts';
import { findRule, rulesCalled } from './find-rule.ts';

const text = (id: string, title: string): string =>
  `title: ${title}\nid: ${id}\ntaxonomy: ecs\nlogsource: { category: x }\ndetection: { s: { user.name: root }, condition: s }\n`;
const { set } = rulesFromFiles(
  [
    { path: 'rules/one.yml', text: text('a', 'Same') },
    { path: 'rules/two.yml', text: `${text('b', 'Same')}---\n${text('c', 'Other')}` },
  ],
  { taxonomy: TEST_TAXONOMY },
);
const called = (wanted: string): string[] => rulesCalled(set, wanted).map((r) => r.id);
const found = (wanted: string): string => {
  const r = findRule(set, wanted);
  return typeof r === 'string' ? r : r.id;
};

test('a rule by id, title or file; a question takes the likeliest, a change is told that there are several', () => {
  assert.deepEqual([called('a'), found('a')], [['a'], 'a']);
  assert.deepEqual([called('other'), found('Other')], [['c'], 'c']);
  assert.deepEqual([called('one.yml'), found('rules/one.yml')], [['a'], 'a']);
  assert.deepEqual([called('two.yml'), found('two.yml')], [['b', 'c'], 'c']);
  assert.deepEqual([called('Same'), found('Same')], [['a', 'b'], 'b']);
  assert.deepEqual(called('none'), []);
  assert.match(found('none'), /no rule with the id, name, title or file 'none'/);
});
