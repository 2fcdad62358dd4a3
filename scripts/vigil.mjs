#!/usr/bin/env node
/** `vigil COMMAND ...` from a clone: prepares what is missing, then runs the command line. */
import { launch } from './launch.mjs';

process.exitCode = await launch(['vigil', ...process.argv.slice(2)]);
