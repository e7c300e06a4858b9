import type { Probe } from '../core/host-check.ts';
import type { Work } from '../core/step.ts';
import { describeEnd, findPrograms, lastLine, type DeclaredProgram } from './declared-programs.ts';
import { tryRun } from './try-run.ts';

const LIMIT_MS = 30_000;

/** Runs the checks a host has declared, as far as they may be run. */
export function* runDeclaredChecks(names: readonly string[]): Work<readonly Probe[]> {
  if (names.length === 0) return [];
  const programOf = yield* findPrograms('/etc/celeroot/checks.d', names);
  const probes: Probe[] = [];
  for (const name of names) probes.push(yield* runCheck(name, programOf(name)));
  return probes;
}

function* runCheck(name: string, { path, objection }: DeclaredProgram): Work<Probe> {
  if (objection !== null) return failed(name, objection);
  const output = yield* tryRun([path], LIMIT_MS);
  if (typeof output === 'string') return failed(name, output);
  if (output.exitCode !== 0) return failed(name, describeEnd(output));
  return { kind: 'check', name, ok: true, detail: cut(lastLine(output)) };
}

function failed(name: string, detail: string): Probe {
  return { kind: 'check', name, ok: false, detail: cut(detail) };
}

function cut(text: string): string {
  return text.slice(0, 500);
}
