/** The worker thread's entry. */
import { serveUnits } from './worker.ts';

await serveUnits();
