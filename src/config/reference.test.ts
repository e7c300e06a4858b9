import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../core/errors.ts';
import { checkFleetFile } from './check-file.ts';
import { EXAMPLES } from './config-examples.ts';
import { explain, renderConfigReference, renderJsonSchema } from './reference.ts';
import { parseYaml } from './yaml-document.ts';

test('the examples of the reference make a valid file, with any of the brokers', () => {
  const { '': top, broker, 'broker/sentinel': sentinel, 'broker/cluster': cluster, ...sections } = EXAMPLES;
  for (const chosen of [broker, sentinel, cluster]) {
    const { value, problems } = parseYaml([top, chosen, ...Object.values(sections)].join(''));
    assert.deepEqual([problems, checkFleetFile(value).findings], [[], []]);
  }
});

test('the reference has every section, key, kind, default and example', () => {
  const text = renderConfigReference();

  for (const heading of ['The whole file', 'broker', 'broker/sentinel', 'broker/cluster', 'roles/NAME', 'hosts/NAME']) {
    assert.ok(text.includes(`\n### ${heading}\n`), heading);
  }
  assert.match(text, /^- `concurrency`: whole number, 1 to 64; default `4`\. How many jobs/m);
  assert.match(text, /^- `roles`: list, not empty; required\. Its roles/m);
  for (const example of Object.values(EXAMPLES)) assert.ok(text.includes(example));
});

test('a part of the reference is found by section, by name and by key', () => {
  assert.equal(explain('roles'), explain('roles/webserver'));
  assert.match(explain(''), /^### The whole file\n/);
  assert.match(explain('roles.web.concurrency'), /^### roles\/NAME\n[^]*- `concurrency`/);
  assert.doesNotMatch(explain('roles/web/concurrency'), /`tasks`:/);
  assert.match(explain('roots/0'), /- `roots`: list[^]*\nEach entry: text\. A public key: /);
  assert.match(explain('roles/web/tasks/0'), /^### roles\/NAME\n[^]*- `tasks`[^]*\nEach entry: text\.\n$/);
  for (const path of ['constructor', '__proto__', 'broker/toString', 'roles/web/concurrency/0', 'roles/web/tasks/x']) {
    assert.throws(
      () => explain(path),
      (error) => error instanceof UsageError && error.message === `there is nothing called ${path} in celeroot.yaml`,
    );
  }
  assert.throws(
    () => explain('broker/pasword'),
    (error) => error instanceof UsageError && /password/.test(error.hint ?? ''),
  );
});

test('the JSON Schema describes what a file may leave out', () => {
  const schema: unknown = JSON.parse(renderJsonSchema());

  assert.deepEqual(typeof schema === 'object' && schema !== null && 'required' in schema ? schema.required : null, [
    'version',
    'fleet',
    'roots',
    'broker',
    'roles',
  ]);
});
