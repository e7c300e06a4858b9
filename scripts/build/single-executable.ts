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
    // V8 compiles for the processor it runs on.
    const hasCodeCache = architecture.npm === process.arch;
    if (hasCodeCache) compile(root, folder);
    combine(folder, hasCodeCache);
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

function compile(root: string, folder: string): void {
  const script = `${root}scripts/build/compile-program.ts`;
  const [program, file] = [join(folder, 'program.js'), join(folder, 'code-cache')];
  runProgram([process.execPath, '--random-seed=1', script, program, file]);
}

/** Names without their folder: Node writes the name of the script into the executable. */
function combine(folder: string, hasCodeCache: boolean): void {
  const settings = {
    main: 'start.cjs',
    executable: 'node',
    output: 'celeroot',
    assets: { program: 'program.js', ...(hasCodeCache && { 'code-cache': 'code-cache' }) },
    disableExperimentalSEAWarning: true,
    useCodeCache: false,
    // Without it SIGUSR1 would open a debugger's port in a process of root.
    execArgv: ['--disable-sigusr1'],
    // What runs as root is not to be told by NODE_OPTIONS what to load.
    execArgvExtension: 'none',
  };
  writeFileSync(join(folder, 'single-executable.json'), JSON.stringify(settings));
  runProgram([process.execPath, '--build-sea', 'single-executable.json'], { cwd: folder });
}
