/**
 * Loaded before every test file of `npm test`: property tests draw the same cases in every run, so that a red run is
 * about the change and not about luck. `VIGIL_TEST_SEED=N npm test` (or `random`) draws others; a single file run by
 * hand always does.
 */
import fc from 'fast-check';

const SEED = 20_261_124;
const wanted = process.env['VIGIL_TEST_SEED'] ?? String(SEED);
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) });
