import { join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';

export type Bundled = {
  readonly code: string;
  /** Folders below node_modules that something of the bundle comes from, e.g. `yaml` and `@scope/name`. */
  readonly packages: readonly string[];
};

/** Makes one file of CommonJS from an entry and all it imports; `define` names constants the entry is given. */
export async function bundleCode(entry: string, define: Readonly<Record<string, string>> = {}): Promise<Bundled> {
  const { outputFiles = [], metafile } = await build({ ...OPTIONS, entryPoints: [entry], define: { ...define } });
  return { code: outputFiles[0]?.text ?? '', packages: packagesOf(Object.keys(metafile?.inputs ?? {})) };
}

/**
 * The whole program as an expression, a function of the variables that Node gives a CommonJS module. V8 can be handed
 * what it once compiled of such a text.
 */
export async function bundleProgram(root: string): Promise<Bundled> {
  const { code, packages } = await bundleCode(`${root}bin/celeroot.ts`);
  return {
    code: `(function(exports,require,module,__filename,__dirname){${code.replace(/^#!.*/, '')}\n})`,
    packages,
  };
}

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

const OPTIONS: BuildOptions = {
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
  metafile: true,
  // The bundle names its modules; it is to name them alike, wherever the checkout is and whoever asks.
  absWorkingDir: join(import.meta.dirname, '../..'),
  preserveSymlinks: true,
  plugins: [trim],
  write: false,
};

function packagesOf(inputs: readonly string[]): readonly string[] {
  const names = inputs.map((input) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? '');
  return [...new Set(names)].filter((name) => name !== '').toSorted();
}
