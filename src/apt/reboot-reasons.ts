import { listNames, readText, type Work } from '../core/step.ts';
import { newestAbove } from './newer-kernel.ts';

/**
 * Why the host should be rebooted, each in words; empty when nothing asks for it. Debian's own kernels leave no mark
 * when they are installed, so it is also looked whether a newer one than the running is there.
 */
export function* rebootReasons(): Work<string[]> {
  const reasons: string[] = [];
  // Written by maintainer scripts of kernels and libraries; gone with `/run` at the next boot.
  if ((yield* readText('/run/reboot-required')) !== null) reasons.push(yield* whoAsks());
  const running = ((yield* readText('/proc/sys/kernel/osrelease')) ?? '').trim();
  const newer = newestAbove(running, yield* listNames('/boot'));
  if (newer !== null) reasons.push(`kernel ${newer} is installed, ${running} runs`);
  return reasons;
}

function* whoAsks(): Work<string> {
  const lines = ((yield* readText('/run/reboot-required.pkgs')) ?? '').split('\n').filter((line) => line !== '');
  const names = [...new Set(lines)].slice(0, 20).join(', ');
  return names === '' ? 'a package asks for it' : `asked for by ${names}`.slice(0, 500);
}
