/** All commands that work on an open Vigil. */
import { tokenCommand, userCommand } from './access.ts';
import { alertCommand } from './alert.ts';
import type { Command } from './command.ts';
import { demoCommand } from './demo.ts';
import { importCommand } from './import.ts';
import { rulesOpenCommand } from './rules-open.ts';
import { searchCommand } from './search.ts';
import { statusCommand } from './status.ts';

export const COMMANDS: readonly Command[] = [
  importCommand,
  searchCommand,
  statusCommand,
  userCommand,
  tokenCommand,
  alertCommand,
  demoCommand,
  rulesOpenCommand,
];
