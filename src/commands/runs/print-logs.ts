import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { JobId } from '../../core/ids.ts';
import { joinOutput, type OutputPiece } from '../../core/join-output.ts';
import { candidatesIn } from '../../fleet/candidates.ts';
import { findRun } from '../../fleet/find-run.ts';
import { readRun } from '../../fleet/follow-run.ts';
import { witnessOf } from '../../fleet/witness.ts';
import { jobLabel } from '../../terminal/job-text.ts';
import { writeJson } from '../../terminal/json.ts';
import { plainLines } from '../../terminal/plain-text.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { warnOfForgeries } from '../run/warn-of-forgeries.ts';
import { jobsOf } from './show-stored-run.ts';

/** Prints the output of a run's programs: with the host before each line unless it is one host's only. */
export async function printLogs(
  cli: Cli,
  command: CommandUnknownOpts,
  { word, host }: { readonly word: string; readonly host: string | null },
): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const witness = await witnessOf(fleet, cli.clock.now());
  await using broker = await openBroker(cli, fleet);
  const run = await findRun(broker, word, { witness, celeroot: celerootFor(command) });
  const { state, reports, forged, oversized } = await readRun(broker, run, {
    witness,
    candidatesOf: candidatesIn(fleet),
  });
  const jobs = jobsOf({ state, presences: new Map(), forged, now: cli.clock.now() }, host);
  const pieces = new Map<JobId, OutputPiece[]>(jobs.map((job) => [job.id, []]));
  for (const { job, event } of reports) if (event.kind === 'output') pieces.get(job)?.push(event);
  const outputs = jobs.map((job) => ({ host: jobLabel(job), ...joinOutput(pieces.get(job.id) ?? []) }));
  warnOfForgeries(cli, { forged, oversized });
  if (sharedFlags(command).json) {
    writeJson(cli.stdout, { run: run.id, outputs });
    return;
  }
  const isOne = outputs.length === 1;
  for (const output of outputs) writeOutput(cli, output.text, isOne ? '' : `${output.host} | `);
}

function writeOutput(cli: Cli, text: string, prefix: string): void {
  const lines = plainLines(text.replace(/\r?\n$/, ''));
  if (text !== '') cli.stdout.write(lines.map((line) => `${prefix}${line}\n`).join(''));
}
