import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openEventLog } from './event-log.ts';

test('events are lines, and a line that a crash cut off does not spoil the next', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-events-'));
  t.after(async () => await rm(folder, { recursive: true }));
  const path = join(folder, 'events.jsonl');

  await (
    await openEventLog(path)
  )({ kind: 'phase', phase: 'planning' });
  await writeFile(path, '{"kind":"pha', { flag: 'a' });
  await (
    await openEventLog(path)
  )({ kind: 'phase', phase: 'committing' });
  await (
    await openEventLog(path)
  )({ kind: 'phase', phase: 'verifying' });

  assert.deepEqual((await readFile(path, 'utf8')).split('\n'), [
    '{"kind":"phase","phase":"planning"}',
    '{"kind":"pha',
    '{"kind":"phase","phase":"committing"}',
    '{"kind":"phase","phase":"verifying"}',
    '',
  ]);
});
