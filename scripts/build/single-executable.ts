import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Architecture } from './architectures.ts';
import { bundleCode, bundleProgram } from './bundle-code.ts';
import { findNode } from './find-node.ts';
import { runProgram } from './run-program.ts';

export type Executable = {
  readonly file: string;
  /** Folder of the Node inside it, and the npm packages its program is made of. */
  readonly node: string;
  readonly packages: readonly string[];
};

/** Builds celeroot with Node inside as one file. Needs no machine of that architecture. */
export async function buildExecutable(root: string, architecture: Architecture, file: string): Promise<Executable> {
  mkdirSync(dirname(file), { recursive: true });
  const folder = mkdtempSync(`${file}.partial-`);
  try {
    const node = findNode(root, architecture, join(root, 'build/cache'));
    strip(architecture, join(node, 'bin/node'), join(folder, 'node'));
    const { code, packages } = await bundleProgram(root);
    writeFileSync(join(folder, 'program.js'), code);
    writeFileSync(join(folder, 'start.cjs'), (await bundleCode(`${root}bin/start-executable.ts`)).code);
    const assets = {
      program: join(folder, 'program.js'),
      // V8 compiles for the processor it runs on.
      ...(architecture.npm === process.arch && { 'code-cache': compile(root, folder) }),
    };
    combine(folder, assets);
    renameSync(join(folder, 'celeroot'), file);
    return { file, node, packages };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Symbols are a fifth of Node, and only a debugger reads them. It must come first: nothing may move once joined. */
function strip({ strip: program, stripPackage }: Architecture, node: string, file: string): void {
  runProgram([program, '-o', file, node], { debianPackage: stripPackage });
}

function compile(root: string, folder: string): string {
  const file = join(folder, 'code-cache');
  const script = `${root}scripts/build/compile-program.ts`;
  runProgram([process.execPath, '--random-seed=1', script, join(folder, 'program.js'), file]);
  return file;
}

function combine(folder: string, assets: Readonly<Record<string, string>>): void {
  const settings = {
    main: join(folder, 'start.cjs'),
    executable: join(folder, 'node'),
    output: join(folder, 'celeroot'),
    assets,
    disableExperimentalSEAWarning: true,
    useCodeCache: false,
    // Without it SIGUSR1 would open a debugger's port in a process of root.
    execArgv: ['--disable-sigusr1'],
    // What runs as root is not to be told by NODE_OPTIONS what to load.
    execArgvExtension: 'none',
  };
  const file = join(folder, 'single-executable.json');
  writeFileSync(file, JSON.stringify(settings));
  runProgram([process.execPath, '--build-sea', file]);
}
