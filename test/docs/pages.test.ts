import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { VERSION } from '../../src/core/version.ts';

const root = join(import.meta.dirname, '../..');
const pages = ['', 'docs'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

for (const page of pages) {
  test(`every link in ${page} leads somewhere`, () => {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/```[^]*?```/g, '');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = '']) => target);

    const dead = links.filter((target) => !existsSync(join(root, dirname(page), target)));

    assert.deepEqual(dead, []);
  });
}

test('architecture.md names only files that exist', () => {
  const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const named = [
    ...text.matchAll(
      /`((?:core|apt|tasks|trust|config|queue|host|executor|worker|fleet|terminal|commands)\/[a-z/-]+\.ts)`/g,
    ),
  ];

  const missing = named.map(([, file = '']) => file).filter((file) => !existsSync(join(root, 'src', file)));

  assert.ok(named.length > 20);
  assert.deepEqual(missing, []);
});

test('the program and its package have one version', () => {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

  assert.ok(typeof manifest === 'object' && manifest !== null && 'version' in manifest);
  assert.equal(manifest.version, VERSION);
});

test('the changelog has a place for what is pending', () => {
  assert.match(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), /^## Pending$/m);
});
