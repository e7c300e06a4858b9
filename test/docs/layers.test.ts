import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFINED, LAYERS, PURE } from '../../scripts/docs/layers.ts';

const root = join(import.meta.dirname, '../..');
const layers = Object.keys(LAYERS);

/** Lints a folder of planted files with our own configuration, and returns the files it complains about. */
function complaints(planted: Readonly<Record<string, string>>): {
  readonly looked: number;
  readonly files: Set<string>;
} {
  const folder = mkdtempSync(join(tmpdir(), 'celeroot-layers-'));
  try {
    cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const layer of layers) {
      mkdirSync(join(folder, 'src', layer), { recursive: true });
      writeFileSync(join(folder, 'src', layer, 'thing.ts'), 'export const thing = 1;\n');
    }
    for (const [path, text] of Object.entries(planted)) writeFileSync(join(folder, path), text);
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['--format=json', 'src'], {
      cwd: folder,
      encoding: 'utf8',
    });
    const report: unknown = JSON.parse(stdout);
    return readReport(report);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readReport(report: unknown): { readonly looked: number; readonly files: Set<string> } {
  assert.ok(typeof report === 'object' && report !== null && 'diagnostics' in report && 'number_of_files' in report);
  assert.ok(Array.isArray(report.diagnostics));
  const files = new Set<string>(
    report.diagnostics
      .filter((entry: { code: string }) => entry.code.includes('no-restricted-imports'))
      .map((entry: { filename: string }) => entry.filename.replace(/^.*?src\//, 'src/')),
  );
  return { looked: Number(report.number_of_files), files };
}

test('an import against the arrows is found in every layer, and one along them is not', () => {
  const wrong: Record<string, string> = {};
  const right: Record<string, string> = {};
  for (const from of layers) {
    for (const to of layers.filter((other) => other !== from)) {
      const text = `export { thing } from '../${to}/thing.ts';\n`;
      const side = LAYERS[from]?.includes(to) === true ? right : wrong;
      side[`src/${from}/imports-${to}.ts`] = text;
    }
  }

  const { looked, files } = complaints({ ...wrong, ...right });

  assert.equal(looked, layers.length * layers.length);
  assert.deepEqual([...files].toSorted(), Object.keys(wrong).toSorted());
});

test('a confined module is found in every folder but its own', () => {
  const wrong: Record<string, string> = {};
  const right: Record<string, string> = {};
  for (const [index, { module, to }] of CONFINED.entries()) {
    for (const layer of layers) {
      const side = layer === to ? right : wrong;
      side[`src/${layer}/module-${index}.ts`] = `export * from '${module}';\n`;
    }
  }

  const { files } = complaints({ ...wrong, ...right });

  assert.deepEqual([...files].toSorted(), Object.keys(wrong).toSorted());
});

test('the pure layers cannot import what does I/O', () => {
  const wrong = Object.fromEntries(PURE.map((layer) => [`src/${layer}/reads.ts`, "export * from 'node:fs';\n"]));

  assert.deepEqual([...complaints(wrong).files].toSorted(), Object.keys(wrong).toSorted());
});
