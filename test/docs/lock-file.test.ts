import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as z from 'zod';

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ optionalDependencies: z.record(z.string(), z.string()).default({}) })),
});

/** npm leaves a platform's package out of the lock when the registry it asks does not have it, and npm ci then fails. */
test('the lock file names every optional package, those of other platforms too', () => {
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
  const { packages } = lockSchema.parse(JSON.parse(text));

  const named = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies));
  const missing = named.filter((name) => packages[`node_modules/${name}`] === undefined);

  assert.ok(named.length > 0);
  assert.deepEqual(missing, []);
});
