/** `vigil rules test DIR`: runs the tests beside rules, for people and for a rule repository's CI. */
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { printable } from '../../base/printable.ts';
import { runRuleTests } from '../../detect/rule-tests.ts';
import { readTaxonomy } from '../../detect/taxonomy.ts';
import type { RecordMeta } from '../../model/record.ts';
import { makeNormalizer } from '../../normalize/normalize.ts';
import { loadSources } from '../../normalize/registry.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, type Output } from '../output.ts';

const META: RecordMeta = {
  tenant: 'default',
  origin: 'live',
  door: 'test',
  sender: 'test',
  token: '',
  format: '',
  source: '',
  zone: 'UTC',
  stream: '',
};

export const rulesCommand = {
  name: 'rules',
  usage: 'rules test DIR',
  about: 'run the tests beside rules',
  async run(c: {
    readonly root: string;
    readonly args: readonly string[];
    readonly o: Output;
  }): Promise<number> {
    const [verb, dir] = c.args;
    if (verb !== 'test' || dir === undefined) {
      c.o.err('vigil rules test DIR');
      return EXIT_USAGE;
    }
    const normalize = makeNormalizer(await loadSources(join(c.root, 'content/sources')), {
      hostZone: 'UTC',
      hostName: hostname(),
    });
    const report = runRuleTests(resolve(dir), readTaxonomy(join(c.root, 'content/taxonomy')), (line, at) =>
      normalize(Buffer.from(line), META, at),
    );
    for (const p of report.problems) c.o.err(`${printable(p.file)}:${p.line}: ${printable(p.reason)}`);
    for (const r of report.results.filter((x) => !x.ok))
      c.o.err(`${printable(r.file)}: ${printable(r.test)}: ${printable(r.reason)}`);
    for (const f of report.untested) c.o.out(`${printable(f)}: no test beside it`);
    const failed = report.results.filter((x) => !x.ok).length;
    c.o.out(`${report.results.length - failed} passed, ${failed} failed`);
    return failed > 0 || report.problems.length > 0 ? EXIT_FAILED : EXIT_OK;
  },
};
