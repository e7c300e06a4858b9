import { readFileSync, writeFileSync } from 'node:fs';
import { Script } from 'node:vm';

/**
 * `node --random-seed=1 scripts/build/compile-program.ts PROGRAM.js FILE`: writes what V8 compiles of a program before
 * anything of it runs. What scripts/warm-up.ts gathers is more, and a little faster, but never twice the same bytes.
 * The seed decides in which order V8 keeps names; it is no part of what V8 compares when it is given the result.
 */
const [, , program = '', file = ''] = process.argv;
const script = new Script(readFileSync(program, 'latin1'), { filename: 'celeroot.js' });
writeFileSync(file, script.createCachedData());
