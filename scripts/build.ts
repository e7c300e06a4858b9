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
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { readCodeCache, sealCodeCache } from '../bin/code-cache.ts';
import { messageOf } from '../src/core/errors.ts';

/**
 * Builds celeroot: build/celeroot.cjs, which is started, and beside it the program as one file and V8's code cache of
 * it. CommonJS, because it starts faster than a module (the ES module loader reads every getter of node:process). The
 * file that is started is renamed into place last, so that a starting celeroot never sees half of anything.
 */
const root = `${dirname(import.meta.dirname)}/`;
const folder = `${root}build`;

/**
 * Parts of libraries celeroot never uses, which each start would pay for: BullMQ's PostgreSQL backend, msgpackr's
 * native addon, and node:child_process in commander, which starts subcommands that are programs of their own. BullMQ is
 * taken as ES modules, so that only what is used of it is bundled; it does not say itself that it may be cut so.
 */
const trim: Plugin = {
  name: 'trim',
  setup(builder) {
    builder.onResolve({ filter: /^\.\/postgres/ }, (args) =>
      args.importer.includes('/bullmq/') ? { path: args.path, namespace: 'empty' } : undefined,
    );
    builder.onResolve({ filter: /^node:child_process$/ }, (args) =>
      args.importer.includes('/commander/') ? { path: args.path, namespace: 'empty' } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: '' }));
    builder.onResolve({ filter: /^msgpackr$/ }, ({ importer, kind, resolveDir }) =>
      builder.resolve('msgpackr/pack', { importer, kind, resolveDir }),
    );
    builder.onResolve({ filter: /^(?:bullmq|\..*)$/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      const isBullmq = path === 'bullmq';
      if (pluginData === RESOLVING || !(isBullmq || importer.includes('/bullmq/dist/'))) return undefined;
      const target = isBullmq ? 'bullmq/dist/esm/index.js' : path;
      const resolved = await builder.resolve(target, { importer, kind, resolveDir, pluginData: RESOLVING });
      return { ...resolved, sideEffects: false };
    });
  },
};

/** Marks a question of ours, so that we do not answer it ourselves. */
const RESOLVING = 'resolving';

const options: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node26',
  // A script that V8 compiled from a cache cannot import() without Node warning of an experiment: require() it is.
  supported: { 'dynamic-import': false },
  // Not the identifiers: errors are told apart by the names of their classes, and to keep those otherwise costs a call
  // for every function that is made.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: false,
  legalComments: 'none',
  logLevel: 'error',
  plugins: [trim],
  write: false,
};

mkdirSync(folder, { recursive: true });
const code = await bundle(`${root}bin/celeroot.ts`, {});
const program = `(function(exports,require,module,__filename,__dirname){${code.replace(/^#!.*/, '')}\n})`;
const name = `celeroot-${createHash('sha256').update(process.version).update(program).digest('hex').slice(0, 16)}`;
if (readCodeCache(`${folder}/${name}.cache`) === null) {
  put(`${folder}/${name}.js`, program);
  warmUp();
}
put(`${folder}/celeroot.cjs`, await bundle(`${root}bin/start.ts`, { PROGRAM: JSON.stringify(name) }));
removeOthers();

async function bundle(entry: string, define: Record<string, string>): Promise<string> {
  const { outputFiles = [] } = await build({ ...options, entryPoints: [entry], define });
  return outputFiles[0]?.text ?? '';
}

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
