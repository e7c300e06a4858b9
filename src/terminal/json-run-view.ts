import type { Report } from '../core/report.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import { summarizeRun } from '../core/run-state.ts';
import { writeJsonLine } from './json.ts';
import type { Output } from './output.ts';
import type { RunView } from './run-view.ts';

/**
 * One object a line: `{"type":"run"}` first, `{"type":"report"}` for each report but the programs' output, which
 * `runs logs` gives, and `{"type":"summary"}` last.
 */
export function jsonRunView(output: Output, runLine: unknown): RunView {
  writeJsonLine(output, { type: 'run', run: runLine });
  let noted = '';
  return {
    update: (_snapshot, fresh) => {
      for (const report of fresh.filter(isShown)) writeJsonLine(output, { type: 'report', ...report });
    },
    note: (text, data) => {
      if (text !== noted) writeJsonLine(output, { type: 'rollout', text, decision: data });
      noted = text;
    },
    finish: (snapshot: RunSnapshot, end) => {
      const { run } = snapshot.state;
      writeJsonLine(output, { type: 'summary', run: run.id, end, ...summarizeRun(snapshot.state, snapshot.now) });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function isShown(report: Report): boolean {
  return report.event.kind !== 'output';
}
