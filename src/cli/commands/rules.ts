/**
 * `vigil rules test DIR` and `vigil rules check DIR`: what a rule repository's CI asks, without a data folder. All other verbs
 * work on an open Vigil (`rules-open.ts`).
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lineNormalizer } from '../../app/rule-book.ts';
import { printable } from '../../base/printable.ts';
import { loadRules } from '../../detect/load.ts';
import { junitText, type RuleTestReport, runRuleTests } from '../../detect/rule-tests.ts';
import { readTaxonomy } from '../../detect/taxonomy.ts';
import { parseOptions } from '../options.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, type Output } from '../output.ts';

type Input = { readonly root: string; readonly args: readonly string[]; readonly o: Output };

/** The folder among the arguments; those of --config and --data are none. */
const dirIn = (args: readonly string[]): string | undefined =>
  args.find((a, i) => !a.startsWith('-') && !/^--(config|data)$/.test(args[i - 1] ?? ''));

const TEST_OPTIONS = [
  { name: 'junit', value: 'FILE', about: 'also write the results as JUnit XML' },
] as const;

export const rulesCommand = {
  name: 'rules',
  usage: 'rules test DIR [--junit FILE] | rules check DIR',
  about: 'run the tests beside rules; say which rules do not load, and why',
  /** Whether this file answers; otherwise it takes an open Vigil. */
  isOffline: (args: readonly string[]): boolean =>
    args[0] === undefined ||
    args[0] === 'test' ||
    (args[0] === 'check' && dirIn(args.slice(1)) !== undefined),
  run(c: Input): Promise<number> {
    const [verb, ...args] = c.args;
    if (verb === 'test') return testRules({ ...c, args });
    if (verb === 'check') return checkRules({ ...c, args });
    c.o.err(`vigil ${rulesCommand.usage}`);
    c.o.err('and, of an open Vigil: vigil help');
    return Promise.resolve(EXIT_USAGE);
  },
};

async function testRules(c: Input): Promise<number> {
  const p = parseOptions(c.args, TEST_OPTIONS);
  if (!p.ok) {
    c.o.err(p.error);
    return EXIT_USAGE;
  }
  const [dir] = p.value.rest;
  if (dir === undefined || p.value.rest.length > 1) {
    c.o.err(`vigil ${rulesCommand.usage}`);
    return EXIT_USAGE;
  }
  const normalize = await lineNormalizer(join(c.root, 'content/sources'));
  const report = runRuleTests(resolve(dir), readTaxonomy(join(c.root, 'content/taxonomy')), normalize);
  const junit = p.value.options.get('junit');
  if (junit !== undefined) writeFileSync(resolve(junit), junitText(report));
  return tell(report, c.o);
}

function tell(report: RuleTestReport, o: Output): number {
  for (const p of report.problems) o.err(`${printable(p.file)}:${p.line}: ${printable(p.reason)}`);
  for (const r of report.results.filter((x) => !x.ok))
    o.err(`${printable(r.file)}: ${printable(r.test)}: ${printable(r.reason)}`);
  for (const f of report.untested) o.out(`${printable(f)}: no test beside it`);
  const failed = report.results.filter((x) => !x.ok).length;
  o.out(`${report.results.length - failed} passed, ${failed} failed`);
  return failed > 0 || report.problems.length > 0 ? EXIT_FAILED : EXIT_OK;
}

async function checkRules(c: Input): Promise<number> {
  const dir = dirIn(c.args) ?? '';
  const { set, problems } = loadRules([resolve(dir)], {
    taxonomy: readTaxonomy(join(c.root, 'content/taxonomy')),
  });
  for (const p of problems) c.o.err(`${printable(p.file)}:${p.line}: ${printable(p.reason)}`);
  const rules = set.rules.filter((r) => r.partOf === undefined);
  let unsupplied = 0;
  for (const r of rules) {
    if (r.kind !== 'rule' || r.supplied !== false) continue;
    unsupplied++;
    c.o.out(`${printable(r.file)}:${r.line}: no source of Vigil supplies ${printable(r.logsource)}`);
  }
  c.o.out(`${rules.length} rules load, ${problems.length} problems, ${unsupplied} without a source`);
  return problems.length > 0 ? EXIT_FAILED : EXIT_OK;
}
