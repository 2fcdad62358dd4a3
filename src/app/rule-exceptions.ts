/**
 * An exception as people make it -> the Sigma filter document that is kept. Every text is a JSON string, which is YAML:
 * nothing that is typed can become another key. Held by `rule-modes.test.ts`.
 */
import type { ExceptionWhere } from '../api/contract.ts';
import type { BaseRule } from '../detect/rule.ts';

const MODIFIER: Readonly<Record<ExceptionWhere['match'], string>> = {
  equals: '',
  startswith: '|startswith',
  endswith: '|endswith',
  contains: '|contains',
  cidr: '|cidr',
};

/** Sigma's wildcards and its escape, so that a value means itself. */
const literal = (s: string): string => s.replace(/[\\*?]/g, (c) => `\\${c}`);
const q = (s: string): string => JSON.stringify(s);
const NO_SOURCE = { product: '', category: '', service: '' };

export function exceptionYaml(
  rule: BaseRule,
  e: { readonly id: string; readonly title: string; readonly where: readonly ExceptionWhere[] },
): string {
  const source = Object.entries(rule.source ?? NO_SOURCE).filter(([, v]) => v !== '');
  const lines = [
    `title: ${q(e.title)}`,
    `id: ${q(e.id)}`,
    'taxonomy: ecs',
    `logsource: { ${source.map(([k, v]) => `${k}: ${q(v)}`).join(', ')} }`,
    'filter:',
    `    rules: [${q(rule.id)}]`,
    '    selection:',
    ...e.where.flatMap((w) => [
      `        ${q(w.field + MODIFIER[w.match])}:`,
      ...w.values.map((v) => `            - ${q(w.match === 'cidr' ? v : literal(v))}`),
    ]),
    '    condition: not selection',
    '',
  ];
  return lines.join('\n');
}
