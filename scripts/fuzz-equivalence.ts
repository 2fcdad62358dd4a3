/**
 * `npm run fuzz:equivalence [-- --minutes N --seed S]`: live = history for as long as it is told (an hour if not).
 * Prints how many cases ran, and where the verdicts disagree the smallest case; the same seed gives the same cases.
 */
import { fuzz, tallyText } from '../src/history/equivalence-fixture.ts';
import { openTestStore } from '../src/store/testing.ts';

/** The number after `--name`; `otherwise` where it is not there. */
function numberOf(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const n = Number(process.argv[at + 1]);
  if (!Number.isFinite(n) || n < 0) {
    process.stderr.write(`--${name} takes a number\n`);
    process.exit(2);
  }
  return n;
}

const minutes = numberOf('minutes', 60);
const seed = numberOf('seed', Math.floor(Math.random() * 2 ** 31));
process.stdout.write(`live = history for ${minutes} minutes from seed ${seed}\n`);
const t = await openTestStore();
try {
  const r = await fuzz(t.store, { ms: minutes * 60_000, seed, shrinkMs: 300_000 });
  process.stdout.write(`${tallyText(r)}\n`);
  if (r.failure !== '') {
    process.stdout.write(`DISAGREEMENT: ${r.failure}\n`);
    process.exitCode = 1;
  }
} finally {
  await t.end();
}
