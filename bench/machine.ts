import { cpus, loadavg, release, totalmem } from 'node:os';

/** What the numbers depend on and do not say. */
export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Processes that wanted to run in the minute before the bench; other work makes every number worse. */
  readonly load: number;
};

export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
    load: loadavg()[0] ?? Number.NaN,
  };
}
