import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readCodeCache, sealCodeCache } from '../bin/code-cache.ts';
import { messageOf } from '../src/core/errors.ts';
import { bundleCode, bundleProgram } from './build/bundle-code.ts';

/**
 * Builds what a checkout runs: build/celeroot.cjs, which is started, and beside it the program as one file and V8's
 * code cache of it. CommonJS, because it starts faster than a module (the ES module loader reads every getter of
 * node:process). The file that is started is renamed into place last, so that a starting celeroot never sees half of
 * anything. What is shipped is built by scripts/build.ts.
 */
const root = `${dirname(import.meta.dirname)}/`;
const folder = `${root}build`;

mkdirSync(folder, { recursive: true });
const { code: program } = await bundleProgram(root);
const name = `celeroot-${createHash('sha256').update(process.version).update(program).digest('hex').slice(0, 16)}`;
if (readCodeCache(`${folder}/${name}.cache`) === null) {
  put(`${folder}/${name}.js`, program);
  warmUp();
}
const start = await bundleCode(`${root}bin/start.ts`, { PROGRAM: JSON.stringify(name) });
put(`${folder}/celeroot.cjs`, start.code);
removeOthers();

/** Without its code cache celeroot starts slower and works as well; the next build tries again. */
function warmUp(): void {
  try {
    const place = mkdtempSync(join(tmpdir(), 'celeroot-warm-up-'));
    try {
      const argv = [`${root}scripts/warm-up.ts`, `${folder}/${name}.js`, place];
      execFileSync(process.execPath, argv, { stdio: 'pipe', timeout: 60_000, killSignal: 'SIGKILL' });
      put(`${folder}/${name}.cache`, sealCodeCache(readFileSync(join(place, 'code'))));
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  } catch (error) {
    console.error(`celeroot: it will start slowly, because warming it up failed: ${messageOf(error)}`);
  }
}

function put(file: string, content: string | Buffer): void {
  const partial = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(partial, content, { mode: 0o755 });
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** What is left of former builds; not of recent ones, which another build or a starting celeroot may still be at. */
function removeOthers(): void {
  const recent = Date.now() - 600_000;
  const others = readdirSync(folder).filter((file) => /^celeroot-[0-9a-f]{16}\./.test(file) && !file.startsWith(name));
  for (const path of others.map((file) => `${folder}/${file}`)) {
    if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < recent) rmSync(path, { force: true });
  }
}
