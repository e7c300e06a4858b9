#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { VERSION } from '../src/core/version.ts';
import { readCodeCache } from './code-cache.ts';

/**
 * The file that is started when celeroot is built. The program is a file beside it, and so is what V8 compiled it to
 * while scripts/warm-up.ts ran it: with that, `hosts ls` takes two thirds of the time (Node's own compile cache saves
 * half as much). V8 checks that the two belong together by little more than their length, so one name in both, made from
 * the program's content, is what holds them together.
 */
declare const PROGRAM: string;

if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write(`${VERSION}\n`);
else startProgram(join(__dirname, PROGRAM));

function startProgram(program: string): void {
  const cachedData = readCodeCache(`${program}.cache`);
  // The bundle is ASCII; so read, V8 keeps it as it is.
  const script = new Script(readFileSync(`${program}.js`, 'latin1'), {
    filename: `${program}.js`,
    ...(cachedData !== null && { cachedData }),
  });
  const main: unknown = script.runInThisContext();
  if (typeof main === 'function') main(exports, require, module, __filename, __dirname);
}
