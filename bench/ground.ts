import type { Argv } from '../src/core/step.ts';
import type { TestLab } from '../test/support/lab.ts';
import type { Peer } from './peers.ts';
import type { Program } from './program.ts';
import type { Command } from './timing.ts';

/** Hosts to measure on, and with what. */
export type Ground = { readonly program: Program; readonly lab: TestLab; readonly peers: readonly Peer[] };

/** Budgets of a fleet hold from so many hosts on; on fewer, starting the command line is most of it. */
export const FLEET = 32;

/** celeroot on the lab's fleet. */
export function celeroot({ program, lab }: Ground, args: readonly string[]): Command {
  return { argv: [...program.celeroot, ...args], env: { CELEROOT_CONFIG: lab.configFile } };
}

/** One shell that starts a program on every host and waits for all; fails when one of them fails. */
export function onAllAtOnce({ lab }: Ground, argv: Argv): Command {
  const started = lab.hosts.map((host) => `${host.argv(argv).map(quoted).join(' ')} >/dev/null & pids="$pids $!"`);
  return { argv: ['sh', '-c', `${started.join('\n')}\nfor pid in $pids; do wait "$pid" || exit 1; done`] };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
