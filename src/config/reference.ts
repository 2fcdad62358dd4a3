/** `docs/CONFIG.md`, generated from the schema. */
import { variableOf } from './load.ts';
import { settings } from './settings.ts';

export function configReference(): string {
  const rows = settings().map(
    (s) =>
      `| \`${s.path.join('.')}\` | ${s.type} | ${s.fallback === '' ? '' : `\`${s.fallback}\``} | ${s.about} | \`${variableOf(s)}\` |`,
  );
  return `# Configuration

Generated from \`src/config/schema.ts\` by \`npm run vigil -- config reference\`; do not edit.

Everything has a default: Vigil needs no configuration. To change something, write \`vigil.yaml\` in the folder you start it in
(or name a file with \`--config\`), or set the environment variable of the setting. Order: defaults, file, environment,
command line. A name that is not in this table is refused. Lists in environment variables are separated by commas.
Secrets are never written in the file: a setting for one takes \`{env: VARIABLE}\` or \`{file: PATH}\`.

| setting | type | default | what it does | environment |
|---|---|---|---|---|
${rows.join('\n')}
`;
}
