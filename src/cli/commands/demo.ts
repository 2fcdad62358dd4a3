/** `vigil demo remove`: the demo's events, alerts and tenant go; nothing else is touched. */
import { DEMO_TENANT } from '../../app/tenants.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../output.ts';
import { type Command, LOCAL } from './command.ts';

const STORED_MS_MAX = 60_000;

export const demoCommand: Command = {
  name: 'demo',
  usage: 'demo remove',
  about: 'remove all that the demo brought',
  async run({ app, args, o }) {
    if (args[0] !== 'remove') {
      o.err('vigil demo remove');
      return EXIT_USAGE;
    }
    if (app.options.demo) {
      o.err('the demo is running; stop Vigil and start it without --demo first');
      return EXIT_FAILED;
    }
    // What a crash left in the journal must reach the store first, or it would come back after the removal.
    if (!(await app.pipeline.stored(STORED_MS_MAX))) {
      o.err('events are still on their way to the store; try again in a moment');
      return EXIT_FAILED;
    }
    await app.store.dropRetentionClass('demo');
    await app.control.removeTenant(DEMO_TENANT, {
      at: app.now(),
      ...LOCAL,
      action: 'demo.remove',
      object: DEMO_TENANT,
      outcome: 'ok',
      detail: '{}',
    });
    app.control.setSetting('demo', false);
    app.control.setSetting('demo_history', false);
    o.out('the demo is removed');
    return EXIT_OK;
  },
};
