/** Worker thread: takes units and content, gives results; `run-unit.ts` does the work. */
import { parentPort, workerData } from 'node:worker_threads';
import { errorText } from '../base/result.ts';
import { Progress } from './progress.ts';
import { compile, makeStages, runUnit, type Stages, type WorkerOptions } from './run-unit.ts';
import type { FromWorker, ToWorker } from './unit.ts';

export type WorkerData = { readonly options: WorkerOptions; readonly progress: SharedArrayBuffer };

/** `change` lets a test put faults into the stages. */
export async function serveUnits(change: (s: Stages) => void = () => {}): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('bug: not a worker');
  const { options, progress } = workerData as WorkerData;
  const say = (m: FromWorker, move: ArrayBuffer[] = []): void => port.postMessage(m, move);
  const stages = await makeStages(options, new Progress(progress));
  change(stages);
  port.on('message', (m: ToWorker) => {
    if (m.kind === 'content') {
      try {
        stages.rules = compile(m.text);
        say({ kind: 'ready', problems: stages.rules.problems });
      } catch (e) {
        const reason = `the rules cannot be loaded, those before stay in force: ${errorText(e)}`;
        say({ kind: 'ready', problems: [{ file: '', line: 0, reason }] });
      }
      return;
    }
    try {
      const r = runUnit(stages, m);
      say(r, r.block.length > 0 ? [r.block.buffer as ArrayBuffer] : []);
    } catch (e) {
      const at = stages.progress.of(m.seq);
      say({ kind: 'failed', seq: m.seq, cause: errorText(e), ...(at === undefined ? {} : { at }) });
      stages.progress.end();
    }
  });
  say({ kind: 'ready', problems: stages.rules.problems });
}
