/** `vigil import FILE...`: files as history. They enter no live window and notify nobody; alerts over them are marked `import`. */
import { resolve } from 'node:path';
import { printable } from '../../base/printable.ts';
import { importFile } from '../../collect/import-file.ts';
import { DEFAULT_TENANT } from '../../app/tenants.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../output.ts';
import { type Command, LOCAL } from './command.ts';

export const importCommand: Command = {
  name: 'import',
  usage: 'import FILE...',
  about: 'read files (.log, .ndjson, .json, also .gz and .zst) as history',
  async run({ app, args, cwd, signal, o }) {
    if (args.length === 0) {
      o.err('which files? vigil import FILE...');
      return EXIT_USAGE;
    }
    let failed = 0;
    for (const name of args) {
      const path = resolve(cwd, name);
      const r = await importFile(path, app.pipeline.importIntake, {
        tenant: DEFAULT_TENANT,
        origin: 'import',
        positions: (s) => app.pipeline.position(s),
        signal,
      });
      await app.control.audit({
        at: app.now(),
        ...LOCAL,
        action: 'import',
        object: path,
        outcome: r.status,
        detail: JSON.stringify({ records: r.records }),
      });
      if (r.status === 'imported')
        o.out(
          `${printable(name)}: ${r.records} records${r.skipped > 0 ? ` (${r.skipped} were there from an earlier import)` : ''}`,
        );
      else if (r.status === 'duplicate') o.out(`${printable(name)}: imported before, nothing to do`);
      else {
        failed++;
        o.err(`${printable(name)}: ${printable(r.message)}`);
      }
    }
    await app.pipeline.settled();
    return failed > 0 ? EXIT_FAILED : EXIT_OK;
  },
};
