import assert from 'node:assert/strict';
import { after } from 'node:test';
import { waitUntil } from './redis.ts';

const WATCHED: ReadonlySet<string> = new Set(['TCPSocketWrap', 'PipeWrap', 'TLSWrap', 'Timeout', 'ProcessWrap']);

/** Long, because what is being closed may take its time on a busy machine; what is left behind stays for good. */
const BOUND_MS = 15_000;

/** Fails the file when its tests leave a socket, a timer or a child behind that keeps the process alive. */
export function forbidLeaks(): void {
  const before = watchedResources();
  after(async () => {
    await waitUntil(
      () => watchedResources().length <= before.length,
      'sockets, timers and children to be gone',
      BOUND_MS,
    ).catch(() => assert.fail(`left behind: ${watchedResources().join(', ')}; there were ${before.join(', ')}`));
  });
}

function watchedResources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => WATCHED.has(name));
}
