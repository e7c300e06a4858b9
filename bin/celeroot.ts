#!/usr/bin/env node
import { runApp } from '../src/commands/app.ts';
import { processContext, processStderr } from '../src/commands/context.ts';
import { writeError } from '../src/terminal/error.ts';

const stderr = processStderr();

/** The last line of defence: what no command caught is a bug, and its state is unknown, so the process ends. */
function die(error: unknown): void {
  process.exit(writeError(stderr, error, { json: process.argv.includes('--json'), celeroot: 'celeroot' }));
}
process.on('uncaughtException', die);
process.on('unhandledRejection', die);

void runApp(process.argv.slice(2), processContext(stderr)).then((code) => {
  process.exitCode = code;
});
