/**
 * Syslog and journal messages of programs that no source knows: the envelope is mapped (host, program, pid, level,
 * structured data), the text is kept as it is. The decoder itself is `src/normalize/envelope.ts`.
 */
import { defineSource } from '../../../src/normalize/source.ts';

export default defineSource({
  name: 'syslog',
  version: 1,
  title: 'Syslog and journal envelope (any program)',
  recognise: {},
  parse: (input, out) => {
    if (input.program !== '') out.set('event.provider', input.program);
    return 'partial';
  },
});
