/**
 * Rules written in the condition language: a YAML list of maps with `name`, `condition`, `severity` and `response`.
 *
 *     - name: "Certificate issued for monitored domain by unexpected CA"
 *       condition: |
 *         event.type == "certificate_issued" AND event.domain IN monitored_domains AND event.issuer NOT IN approved_cas
 *       severity: CRITICAL
 *       response: "Investigate potential rogue CA or domain hijack"
 *
 * What one event decides becomes a plain rule over every log source. What needs memory becomes a `ConditionRule` and
 * parts of it: rules that workers judge like any other and that alert nobody. Held by `condition-rule.test.ts`.
 */
import { createHash } from 'node:crypto';
import { errorText } from '../base/result.ts';
import { conditionProblems } from '../condition/evaluate.ts';
import { parseCondition } from '../condition/language/parse.ts';
import { type Condition, EVERYTHING } from '../condition/tree.ts';
import type { Severity } from '../model/alert.ts';
import { SEVERITY_HELP, severityOfWord } from '../model/severity.ts';
import { feederId } from './condition-rule-ids.ts';
import { decompose, needsMemory } from './condition-rule-parts.ts';
import { conditionEntity, conditionSentence } from './condition-rule-sentence.ts';
import { certificateEvents } from './memory/certificate-events.ts';
import {
  type BaseRule,
  type ConditionRule,
  type Rule,
  RULE_MODES,
  type RuleMeta,
  type RuleProblem,
  PLAIN_META,
} from './rule.ts';
import { attackTag } from './sigma/document.ts';
import { SigmaError } from './sigma/modifiers.ts';
import { child, textOf, textsOf, type Yaml, type YamlDocument } from './sigma/yaml.ts';

/** Characters of a condition. */
export const CONDITION_CHARS_MAX = 10_000;
export const NAME_CHARS_MAX = 256;
const KEYS = [
  'name',
  'condition',
  'severity',
  'response',
  'id',
  'description',
  'author',
  'status',
  'references',
  'falsepositives',
  'tags',
  'attack',
  'entity',
  'key',
  'sentence',
  'mode',
  'escalates',
  'escalation',
] as const;

/** A list of maps with a condition, one such map, or `rules:` with such a list. Sigma's condition is within `detection`. */
export const isConditionDocument = (root: Yaml): boolean => itemsOf(root) !== undefined;

function itemsOf(root: Yaml): readonly Yaml[] | undefined {
  const one = (y: Yaml): boolean =>
    y.kind === 'map' &&
    child(y, 'condition') !== undefined &&
    child(y, 'detection') === undefined &&
    child(y, 'correlation') === undefined &&
    child(y, 'filter') === undefined;
  if (root.kind === 'seq') return root.items.some(one) ? root.items : undefined;
  if (root.kind !== 'map') return undefined;
  const rules = child(root, 'rules');
  if (rules?.kind === 'seq' && rules.items.some(one)) return rules.items;
  return one(root) ? [root] : undefined;
}

/** Every rule that can be read, and what is wrong with the others; one bad rule stops no other. */
export function readConditionRules(
  doc: YamlDocument,
  file: string,
): { readonly rules: readonly Rule[]; readonly problems: readonly RuleProblem[] } {
  const rules: Rule[] = [];
  const problems: RuleProblem[] = [];
  const items = itemsOf(doc.root) ?? [];
  items.forEach((item, i) => {
    try {
      rules.push(...oneRule(item, textBetween(doc, item.line, items[i + 1]?.line), file));
    } catch (e) {
      problems.push({ file, line: e instanceof SigmaError ? e.line : item.line, reason: errorText(e) });
    }
  });
  return { rules, problems };
}

/** The lines of one rule, without the comment that belongs to the next. */
function textBetween(doc: YamlDocument, from: number, to: number | undefined): string {
  const lines = doc.text.split('\n').slice(from - doc.line, to === undefined ? undefined : to - doc.line);
  while (lines.length > 1 && /^\s*(#.*)?$/.test(lines.at(-1) ?? '')) lines.pop();
  return lines.join('\n');
}

function oneRule(item: Yaml, yaml: string, file: string): Rule[] {
  const meta = metaOf(item, yaml, file);
  const at = child(item, 'condition')?.line ?? item.line;
  const text = textOf(item, 'condition').trim();
  // The text of a block begins on the line after its key.
  const condition = conditionOf(text, /^[ -]*condition:[ \t]*[|>]/m.test(yaml) ? at + 1 : at);
  if (!needsMemory(condition)) {
    const problem = conditionProblems(condition)[0];
    if (problem !== undefined) throw new SigmaError(at, problem);
    const sentence = meta.sentence ?? conditionSentence(condition);
    const entity = meta.entity.length === 0 ? conditionEntity(condition) : meta.entity;
    return [{ ...meta, sentence, entity, kind: 'rule', logsource: '', where: EVERYTHING, condition }];
  }
  const d = decompose(meta.id, condition, at);
  const rule: ConditionRule = {
    ...meta,
    kind: 'condition',
    text,
    residual: d.residual,
    terms: d.terms,
    subject: d.subject,
    deferred: d.deferred,
  };
  const parts = [...d.parts].map(([id, c]) => partOf(rule, id, c));
  if (d.subject === 'certificate')
    parts.push({ ...partOf(rule, feederId(rule.id), certificateEvents()), listsOptional: true });
  for (const p of parts) {
    const problem = conditionProblems(p.condition)[0];
    if (problem !== undefined) throw new SigmaError(at, problem);
  }
  return [rule, ...parts];
}

const partOf = (rule: ConditionRule, id: string, condition: Condition): BaseRule => ({
  ...metaOfPart(rule),
  id,
  kind: 'rule',
  logsource: '',
  where: EVERYTHING,
  condition,
});

/** A part says whose it is, and repeats nothing else of the rule. */
const metaOfPart = (rule: ConditionRule): RuleMeta & { readonly partOf: string } => ({
  ...PLAIN_META,
  title: rule.title,
  version: rule.version,
  file: rule.file,
  line: rule.line,
  partOf: rule.id,
});

function conditionOf(text: string, line: number): Condition {
  if (text === '') throw new SigmaError(line, "'condition' is empty: write what an event must meet");
  if (text.length > CONDITION_CHARS_MAX)
    throw new SigmaError(
      line,
      `'condition' is longer than ${CONDITION_CHARS_MAX} characters: split the rule`,
    );
  // A rule means the same whenever it is read, so there is no `now` in it.
  const parsed = parseCondition(text, { now: 0 });
  if (parsed.ok) return parsed.value;
  const { start, message, expected } = parsed.error;
  const where = text.slice(0, start).split('\n').length - 1;
  const wanted = expected.length === 0 ? '' : `; expected ${expected.slice(0, 4).join(', ')}`;
  throw new SigmaError(line + where, `condition: ${message}${wanted}`);
}

function metaOf(item: Yaml, yaml: string, file: string): RuleMeta {
  if (item.kind !== 'map')
    throw new SigmaError(item.line, 'a rule is a map with name, condition, severity and response');
  for (const [key, v] of item.entries)
    if (!(KEYS as readonly string[]).includes(key))
      throw new SigmaError(
        v.line,
        `'${key}' is not known in a rule with a condition: use ${KEYS.join(', ')}`,
      );
  const title = textOf(item, 'name').trim();
  if (title === '') throw new SigmaError(item.line, "'name' is missing");
  if (title.length > NAME_CHARS_MAX)
    throw new SigmaError(item.line, `'name' is longer than ${NAME_CHARS_MAX} characters`);
  const level = severityIn(item);
  const sentence = child(item, 'sentence');
  if (sentence !== undefined && (sentence.kind !== 'scalar' || typeof sentence.value !== 'string'))
    throw new SigmaError(sentence.line, "'sentence' is a text; {user.name} stands for a field of the event");
  return {
    // The id survives changes of everything but the name.
    id: textOf(item, 'id') || `named-${digest(title.toLowerCase()).slice(0, 16)}`,
    name: title,
    title,
    description: textOf(item, 'description'),
    author: textOf(item, 'author'),
    status: textOf(item, 'status'),
    level,
    attack: [
      ...textsOf(item, 'tags'),
      ...textsOf(item, 'attack').map((a) => `attack.${a.replace(/^attack\./i, '')}`),
    ].flatMap(attackTag),
    references: textsOf(item, 'references'),
    falsepositives: textsOf(item, 'falsepositives'),
    version: digest(yaml).slice(0, 16),
    file,
    line: item.line,
    yaml,
    entity: [...textsOf(item, 'entity'), ...textsOf(item, 'key')],
    sentence: sentence === undefined ? null : { kind: 'text', text: textOf(item, 'sentence') },
    escalation: textOf(item, 'escalation'),
    nextSteps: textsOf(item, 'response'),
    escalates: textOf(item, 'escalates'),
    severity: level,
    alerts: true,
    ...modeIn(item),
  };
}

function severityIn(item: Yaml): Severity {
  const text = textOf(item, 'severity');
  const level = severityOfWord(text === '' ? 'medium' : text);
  if (level === undefined)
    throw new SigmaError(
      child(item, 'severity')?.line ?? item.line,
      `severity '${text}' is not known: use ${SEVERITY_HELP}`,
    );
  return level;
}

function modeIn(item: Yaml): Pick<RuleMeta, 'mode'> {
  const y = child(item, 'mode');
  if (y === undefined) return {};
  const text = y.kind !== 'scalar' ? '' : y.value === false ? 'off' : String(y.value);
  const mode = RULE_MODES.find((m) => m === text);
  if (mode === undefined) throw new SigmaError(y.line, `mode is one of ${RULE_MODES.join(', ')}`);
  return { mode };
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
