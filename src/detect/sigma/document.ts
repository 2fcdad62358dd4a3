/**
 * One YAML document -> one rule (Sigma rules 2.1, correlation rules 2.1). References between rules stay as written
 * here; `load.ts` resolves names to ids once it has seen all files.
 *
 * Held by `sigma.test.ts`.
 */
import { createHash } from 'node:crypto';
import { SEVERITIES, type Severity } from '../../model/alert.ts';
import {
  type BaseRule,
  type LogSource,
  type Rule,
  type RuleMeta,
  RULE_MODES,
  type SentenceSpec,
} from '../rule.ts';
import { eventsOf, mapField, type Taxonomy } from '../taxonomy.ts';
import { correlationOf, timespanOf } from './correlation.ts';
import { detectionCondition } from './detection.ts';
import { SigmaError } from './modifiers.ts';
import { child, textOf, textsOf, type YamlDocument, type Yaml } from './yaml.ts';

export const TITLE_CHARS_MAX = 256;
export const TAXONOMIES = ['sigma', 'ecs'] as const;

/** Throws SigmaError with line and reason. */
export function readDocument(doc: YamlDocument, file: string, taxonomy: Taxonomy): Rule {
  const root = doc.root;
  if (root.kind !== 'map')
    throw new SigmaError(root.line, 'a rule is a map with title, logsource and detection');
  const meta = metaOf(doc, file);
  const correlation = child(root, 'correlation');
  if (correlation !== undefined) return correlationOf(correlation, meta, textOf(root, 'generate'));
  return baseRule(root, meta, taxonomy);
}

function taxonomyOf(root: Yaml): 'sigma' | 'ecs' {
  const named = textOf(root, 'taxonomy') || 'sigma';
  const found = TAXONOMIES.find((t) => t === named);
  if (found === undefined)
    throw new SigmaError(root.line, `taxonomy '${named}' is not known: use ${TAXONOMIES.join(' or ')}`);
  return found;
}

function baseRule(root: Yaml, meta: RuleMeta, taxonomy: Taxonomy): BaseRule {
  const detection = child(root, 'detection');
  if (detection === undefined) throw new SigmaError(root.line, "'detection' (or 'correlation') is missing");
  const ls = child(root, 'logsource');
  if (ls === undefined || ls.kind !== 'map') throw new SigmaError(root.line, "'logsource' is missing");
  const source: LogSource = {
    product: textOf(ls, 'product').toLowerCase(),
    category: textOf(ls, 'category').toLowerCase(),
    service: textOf(ls, 'service').toLowerCase(),
  };
  const { where, supplied } = eventsOf(taxonomy, source);
  const shown = [source.product, source.category, source.service].filter((s) => s !== '').join('/');
  return {
    ...meta,
    kind: 'rule',
    logsource: shown,
    ...(supplied ? {} : { supplied }),
    where,
    source,
    condition: detectionCondition(detection, (name) =>
      meta.taxonomy === 'ecs' ? [name] : mapField(taxonomy, source, name),
    ),
  };
}

function metaOf(doc: YamlDocument, file: string): RuleMeta {
  const root = doc.root;
  const title = textOf(root, 'title');
  if (title === '') throw new SigmaError(root.line, "'title' is missing");
  if (title.length > TITLE_CHARS_MAX)
    throw new SigmaError(root.line, `'title' is longer than ${TITLE_CHARS_MAX} characters`);
  const digest = createHash('sha256').update(doc.text).digest('hex');
  const name = textOf(root, 'name');
  const vigil = child(root, 'vigil') ?? root;
  const own = vigil !== root;
  if (own && vigil.kind !== 'map') throw new SigmaError(vigil.line, "'vigil' is a map");
  if (own) checkVigil(vigil);
  const level = levelOf(textOf(root, 'level') || 'medium', root.line);
  const severity = own ? textOf(vigil, 'severity') : '';
  const severityFrom = own ? textsOf(vigil, 'severity_from') : [];
  return {
    id: textOf(root, 'id') || name || `doc-${digest.slice(0, 16)}`,
    name,
    title,
    description: textOf(root, 'description'),
    author: textOf(root, 'author'),
    status: textOf(root, 'status'),
    level,
    attack: textsOf(root, 'tags').flatMap(attackTag),
    references: textsOf(root, 'references'),
    falsepositives: textsOf(root, 'falsepositives'),
    version: digest.slice(0, 16),
    taxonomy: taxonomyOf(root),
    file,
    line: doc.line,
    yaml: doc.text,
    entity: own ? textsOf(vigil, 'entity') : [],
    sentence: own ? sentenceOf(vigil) : null,
    escalation: own ? textOf(vigil, 'escalation') : '',
    nextSteps: own ? textsOf(vigil, 'next_steps') : [],
    escalates: own ? textOf(vigil, 'escalates') : '',
    severity: severity === '' ? level : levelOf(severity, vigil.line),
    ...(severityFrom.length > 0 ? { severityFrom } : {}),
    ...(own ? gapIn(vigil, root) : {}),
    alerts: !own || textOf(vigil, 'alert') !== 'false',
    ...(own ? modeIn(vigil) : {}),
  };
}

/** A month: an alert is kept in memory twice its gap. */
const GAP_US_MAX = 31 * 86_400e6;

function gapIn(vigil: Yaml, root: Yaml): Pick<RuleMeta, 'gap'> {
  const y = child(vigil, 'gap');
  if (y === undefined) return {};
  if (child(root, 'correlation') !== undefined)
    throw new SigmaError(y.line, 'vigil.gap is for single rules: a correlation has its timespan');
  const gap = timespanOf(vigil, 'gap');
  if (gap > GAP_US_MAX) throw new SigmaError(y.line, 'vigil.gap is at most 31 days');
  return { gap };
}

function modeIn(vigil: Yaml): Pick<RuleMeta, 'mode'> {
  const y = child(vigil, 'mode');
  if (y === undefined) return {};
  // YAML 1.1 readers take a bare `off` for false: accept what people write.
  const text = y.kind !== 'scalar' ? '' : y.value === false ? 'off' : String(y.value);
  const mode = RULE_MODES.find((m) => m === text);
  if (mode === undefined) throw new SigmaError(y.line, `vigil.mode is one of ${RULE_MODES.join(', ')}`);
  return { mode };
}

const VIGIL_KEYS = [
  'entity',
  'sentence',
  'escalation',
  'next_steps',
  'escalates',
  'severity',
  'severity_from',
  'gap',
  'alert',
  'mode',
];

function checkVigil(vigil: Yaml): void {
  if (vigil.kind !== 'map') return;
  for (const [key, v] of vigil.entries)
    if (!VIGIL_KEYS.includes(key))
      throw new SigmaError(v.line, `vigil.${key} is not known: use ${VIGIL_KEYS.join(', ')}`);
}

function sentenceOf(vigil: Yaml): SentenceSpec | null {
  const y = child(vigil, 'sentence');
  if (y === undefined) return null;
  if (y.kind === 'map') {
    if (textOf(y, 'kind') === 'brute_force') return { kind: 'brute_force' };
    throw new SigmaError(y.line, "vigil.sentence.kind is 'brute_force', or write vigil.sentence as a text");
  }
  if (y.kind === 'scalar' && typeof y.value === 'string') return { kind: 'text', text: y.value };
  throw new SigmaError(y.line, 'vigil.sentence is a text');
}

function levelOf(text: string, line: number): Severity {
  const found = SEVERITIES.find((s) => s === text.toLowerCase());
  if (found === undefined)
    throw new SigmaError(line, `level '${text}' is not one of ${SEVERITIES.join(', ')}`);
  return found;
}

/** `attack.t1110.001` -> `T1110.001`; `attack.credential-access` or `attack.credential_access` -> `credential-access`. */
export function attackTag(tag: string): string[] {
  const m = /^attack\.(.+)$/i.exec(tag);
  if (m?.[1] === undefined) return [];
  return /^[tsg]\d{4}(\.\d{3})?$/i.test(m[1])
    ? [m[1].toUpperCase()]
    : [m[1].toLowerCase().replaceAll('_', '-')];
}
