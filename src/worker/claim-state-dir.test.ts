import assert from 'node:assert/strict';
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { claimStateDir } from './claim-state-dir.ts';

const folder = (): Promise<{ path: string } & AsyncDisposable> => mkdtempDisposable(join(tmpdir(), 'celeroot-claim-'));

describe('a state folder', () => {
  test('is made for its owner alone', async () => {
    await using dir = await folder();
    const path = join(dir.path, 'var', 'celeroot');

    using _claim = await claimStateDir(path);

    assert.equal((await stat(path)).mode & 0o777, 0o700);
  });

  test('is claimed by one at a time, and again when given back', async () => {
    await using dir = await folder();
    {
      using _claim = await claimStateDir(dir.path);
      await assert.rejects(claimStateDir(dir.path), { code: 'WORKER_RUNS', hint: /stop it first/ });
    }

    using _again = await claimStateDir(dir.path);
  });

  test('that is a file is refused', async () => {
    await using dir = await folder();
    const path = join(dir.path, 'state');
    await writeFile(path, '');

    await assert.rejects(claimStateDir(path), { code: 'STATE_UNUSABLE', hint: /CELEROOT_STATE_DIR/ });
  });
});
