/**
 * `vigil alert close ID REASON`: for whoever runs the machine. In an installation with one account nobody else could close the
 * alert about what that person did; what was done by this command line itself, it cannot close either.
 */
import { printable } from '../../base/printable.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../output.ts';
import { type Command, LOCAL } from './command.ts';

export const alertCommand: Command = {
  name: 'alert',
  usage: 'alert close ID REASON',
  about: 'close an alert, also one that its actor cannot close in the console',
  async run(c) {
    const [verb, id = '', ...words] = c.args;
    const reason = words.join(' ');
    if (verb !== 'close' || id === '' || reason === '') {
      c.o.err(`vigil ${alertCommand.usage}`);
      return EXIT_USAGE;
    }
    const tenants = c.app.tenants().map((t) => t.id);
    const before = await c.app.control.alert(id, tenants);
    if (before === undefined) {
      c.o.err(`there is no alert ${printable(id)}`);
      return EXIT_FAILED;
    }
    if (before.actor === LOCAL.who) {
      c.o.err('this alert is about what was done by this command line: close it in the console');
      return EXIT_FAILED;
    }
    const at = c.app.now();
    await c.app.control.setAlertStatus(
      { id, tenants, at, by: LOCAL.who },
      { status: 'closed', reason },
      {
        at,
        ...LOCAL,
        action: 'alert.status',
        object: id,
        outcome: 'ok',
        detail: JSON.stringify({ before: before.status, after: 'closed', reason }),
      },
    );
    return EXIT_OK;
  },
};
