/** `vigil user ...` and `vigil token ...`: accounts and tokens from the command line of the machine itself. */
import { resetPassword } from '../../api/first-admin.ts';
import { PasswordGate } from '../../api/password-gate.ts';
import { newPassword, newToken } from '../../api/secrets.ts';
import { printable } from '../../base/printable.ts';
import { DEFAULT_TENANT } from '../../app/tenants.ts';
import { parseOptions } from '../options.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../output.ts';
import { type Command, type CommandInput, LOCAL } from './command.ts';

const ROLES = ['viewer', 'analyst', 'admin'] as const;
const SCOPES = ['ingest', 'read', 'admin'] as const;
const DAY_US = 86_400e6;
const audit = (c: CommandInput, action: string, object: string, detail: unknown) => ({
  at: c.app.now(),
  ...LOCAL,
  action,
  object,
  outcome: 'ok',
  detail: JSON.stringify(detail),
});

export const userCommand: Command = {
  name: 'user',
  usage: 'user list | user add NAME ROLE | user reset NAME | user remove NAME',
  about: 'accounts (roles: viewer, analyst, admin)',
  async run(c) {
    const [verb, name = '', role = ''] = c.args;
    const handover = {
      isTTY: c.o.isTTY,
      folder: c.app.dataDir,
      print: (l: string) => c.o.out(l),
      now: c.app.now(),
    };
    switch (verb) {
      case 'list':
        for (const u of await c.app.control.users())
          c.o.out(
            `${printable(u.name)}\t${u.role}\t${u.lastLogin === 0 ? 'never logged in' : new Date(u.lastLogin / 1000).toISOString()}`,
          );
        return EXIT_OK;
      case 'reset': {
        if ((await resetPassword(c.app.control, name, handover)) === 'done') return EXIT_OK;
        c.o.err(`there is no user '${printable(name)}'; vigil user list shows all`);
        return EXIT_FAILED;
      }
      case 'add':
        return addUser(c, name, role);
      case 'remove': {
        const r = await c.app.control.deleteUser(name, audit(c, 'user.delete', name, {}));
        if (r === 'done') return EXIT_OK;
        c.o.err(r === 'unknown' ? `there is no user '${printable(name)}'` : 'the last administrator stays');
        return EXIT_FAILED;
      }
      default:
        c.o.err(`vigil ${userCommand.usage}`);
        return EXIT_USAGE;
    }
  },
};

async function addUser(c: CommandInput, name: string, role: string): Promise<number> {
  const r = ROLES.find((x) => x === role);
  if (r === undefined || !/^[\w.@-]{1,64}$/.test(name)) {
    c.o.err(`vigil user add NAME ${ROLES.join('|')} (names: letters, digits, . _ @ -)`);
    return EXIT_USAGE;
  }
  const password = newPassword();
  const hash = await new PasswordGate().hash(password);
  const made = await c.app.control.createUser(
    { name, hash, role: r, mustChangePassword: true, createdAt: c.app.now(), lastLogin: 0 },
    audit(c, 'user.create', name, { role: r }),
  );
  if (!made) {
    c.o.err(`there is a user '${name}' already`);
    return EXIT_FAILED;
  }
  const reset = await resetPassword(c.app.control, name, {
    isTTY: c.o.isTTY,
    folder: c.app.dataDir,
    print: (l) => c.o.out(l),
    now: c.app.now(),
  });
  return reset === 'done' ? EXIT_OK : EXIT_FAILED;
}

const TOKEN_OPTIONS = [
  { name: 'sources', value: 'A,B', about: 'sources an ingest token may write (default: any)' },
  { name: 'days', value: 'N', about: 'days until it expires (default: 365; 0: never)' },
] as const;

export const tokenCommand: Command = {
  name: 'token',
  usage: 'token list | token create NAME SCOPE [--sources A,B] [--days N] | token revoke ID',
  about: 'tokens (scopes: ingest, read, admin); the token is shown once',
  async run(c) {
    const [verb, ...args] = c.args;
    if (verb === 'list') {
      for (const t of await c.app.control.tokens())
        c.o.out(
          `${t.id}\t${printable(t.name)}\t${t.scope}\t${t.expiresAt === 0 ? 'never expires' : new Date(t.expiresAt / 1000).toISOString()}`,
        );
      return EXIT_OK;
    }
    if (verb === 'revoke') {
      if (
        await c.app.control.revokeToken(
          args[0] ?? '',
          c.app.now(),
          audit(c, 'token.revoke', args[0] ?? '', {}),
        )
      )
        return EXIT_OK;
      c.o.err('there is no such token; vigil token list shows all');
      return EXIT_FAILED;
    }
    return verb === 'create' ? createToken(c, args) : usage(c);
  },
};

function usage(c: CommandInput): number {
  c.o.err(`vigil ${tokenCommand.usage}`);
  return EXIT_USAGE;
}

async function createToken(c: CommandInput, args: readonly string[]): Promise<number> {
  const p = parseOptions(args, TOKEN_OPTIONS);
  if (!p.ok) {
    c.o.err(p.error);
    return EXIT_USAGE;
  }
  const [name, scopeText] = p.value.rest;
  const scope = SCOPES.find((s) => s === scopeText);
  const days = Number(p.value.options.get('days') ?? 365);
  if (name === undefined || scope === undefined || !Number.isInteger(days) || days < 0) return usage(c);
  const t = newToken();
  const now = c.app.now();
  const sources = (p.value.options.get('sources') ?? '').split(',').filter((s) => s !== '');
  await c.app.control.createToken(
    {
      id: t.id,
      hash: t.hash,
      name,
      scope,
      sources,
      tenant: DEFAULT_TENANT,
      createdBy: LOCAL.who,
      createdAt: now,
      expiresAt: days === 0 ? 0 : now + days * DAY_US,
      lastUsed: 0,
      lastFrom: '',
      revokedAt: 0,
    },
    audit(c, 'token.create', t.id, { name, scope, sources }),
  );
  c.o.out(t.text);
  return EXIT_OK;
}
