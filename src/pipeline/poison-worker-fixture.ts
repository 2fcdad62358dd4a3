/** Test support: a worker that certain events throw, kill, hang, or break half way through a row. */
import { serveUnits } from './worker.ts';

await serveUnits((s) => {
  const normalize = s.normalize;
  s.normalize = (raw, meta, at) => {
    const text = Buffer.from(raw).toString();
    if (text.includes('POISON throw')) throw new Error('poison');
    if (text.includes('POISON exit')) process.exit(1);
    while (text.includes('POISON hang')) Math.sqrt(2);
    const event = normalize(raw, meta, at);
    if (text.includes('POISON row')) {
      Object.defineProperty(event, 'entities', {
        get: () => {
          throw new Error('half a row');
        },
      });
    }
    return event;
  };
});
