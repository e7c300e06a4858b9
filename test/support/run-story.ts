import assert from 'node:assert/strict';
import * as z from 'zod';
import type { Outcome } from '../../src/core/outcome.ts';
import { reportSchema, type Report } from '../../src/core/report.ts';

/** What `celeroot run … --json` or `runs show … --follow --json` said about a run. */
export type RunStory = {
  readonly reports: readonly Report[];
  /** What the host said, by its kinds and phases, in order; repeated progress and output left out. */
  steps(host: string): readonly string[];
  /** The host's result. Fails when it gave none or more than one. */
  result(host: string): Outcome;
};

export function runStory(stdout: string): RunStory {
  const reports = stdout.split('\n').flatMap((line) => (line.startsWith('{"type":"report"') ? [readReport(line)] : []));
  const events = (host: string): Report['event'][] =>
    reports.filter((said) => said.host === host).map((said) => said.event);
  return {
    reports,
    steps: (host) =>
      events(host)
        .filter(({ kind }) => kind !== 'progress' && kind !== 'output')
        .map((event) => (event.kind === 'phase' ? event.phase : event.kind)),
    result: (host) => {
      const outcomes = events(host).flatMap((event) => (event.kind === 'done' ? [event.outcome] : []));
      const [outcome] = outcomes;
      assert.ok(outcome !== undefined && outcomes.length === 1, `${host} gave ${outcomes.length} results`);
      return outcome;
    },
  };
}

function readReport(line: string): Report {
  const { type: _, ...report } = z.looseObject({ type: z.literal('report') }).parse(JSON.parse(line));
  return reportSchema.parse(report);
}
