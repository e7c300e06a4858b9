import type { FleetConfig } from '../config/fleet-config.ts';
import type { HostName } from '../core/names.ts';
import type { Report } from '../core/report.ts';
import type { RunSnapshot } from '../core/run-snapshot.ts';
import { isEnded, jobStatus, type JobState } from '../core/run-state.ts';
import type { Run } from '../core/run.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { judgeByRoles } from '../tasks/role-rules.ts';
import type { Task } from '../tasks/task.ts';
import { candidatesIn } from './candidates.ts';
import { signRun, submitRun, type Sender } from './dispatch-run.ts';
import { followRun } from './follow-run.ts';
import { recordSeen } from './journal.ts';
import type { PreparedRun } from './prepare-run.ts';
import { requireGranted } from './require-granted.ts';
import { collectHeads } from './seen-heads.ts';
import { witnessOf } from './witness.ts';

export type AskOptions = {
  readonly fleet: FleetConfig;
  readonly broker: ControllerBroker;
  readonly sender: Sender;
  /** `celeroot` as it has to be typed to mean the same configuration. */
  readonly celeroot: string;
  readonly onProgress: (done: number, total: number) => void;
  /** Ends the waiting; what has not come by then has not come. */
  readonly signal: AbortSignal;
};

/** What hosts have answered to a run. */
export type Asked = {
  readonly run: Run;
  /** Null when the waiting was ended before it began. */
  readonly snapshot: RunSnapshot | null;
  readonly reports: readonly Report[];
};

/** A worker that was just started may not have said so yet. */
const SETTLE_MS = 1500;

/** Sends a run and waits for all hosts that are there. */
export async function askHosts(prepared: PreparedRun, options: AskOptions): Promise<Asked> {
  const { fleet, broker, sender, celeroot, signal, onProgress } = options;
  requireGranted(fleet, prepared, sender);
  const signed = await signRun(prepared, sender);
  await submitRun(broker, signed, celeroot);
  const { clock } = sender;
  const { run } = signed;
  const heads = collectHeads();
  const reports: Report[] = [];
  let snapshot: RunSnapshot | null = null;
  const witness = await witnessOf(fleet, clock.now());
  for await (const update of followRun(broker, run, { clock, signal, witness, candidatesOf: candidatesIn(fleet) })) {
    ({ snapshot } = update);
    for (const report of update.fresh) reports.push(report);
    heads.take(update.fresh);
    onProgress(countEnded(snapshot), run.jobs.length);
    if (update.progress === 'only-offline' && clock.now() - run.createdAt > SETTLE_MS) break;
  }
  await recordSeen(sender.journal, run.id, heads.all());
  return { run, snapshot, reports };
}

/** Why a host has no outcome; null when it has one. */
export function whyNoOutcome({ id, end }: JobState, snapshot: RunSnapshot | null): string | null {
  if (end === null) return snapshot?.presences.get(id)?.online === false ? 'it is offline' : 'it did not answer';
  if ('code' in end) {
    const older =
      end.code === 'TASK_NOT_ALLOWED' ? '; the line of  hosts join  tells it what celeroot.yaml says now' : '';
    return `it refused: ${end.code}: ${end.message}${older}`;
  }
  return 'outcome' in end ? null : `what was asked was ${end.status}`;
}

/** Why a host is not asked at all; null when it can be. */
export function whyNotAsked(fleet: FleetConfig, name: HostName, task: Task): string | null {
  const host = fleet.hosts.get(name);
  if ((host?.key ?? null) === null) return 'it has not joined';
  const roles = (host?.roles ?? []).flatMap((role) => fleet.roles.get(role) ?? []);
  if (judgeByRoles(task.name, { kind: 'host', host: name }, roles).allowed) return null;
  return `its roles do not allow ${task.name}; add it to  tasks:  of one of them, and give its line of  hosts join  again`;
}

function countEnded({ state, now }: RunSnapshot): number {
  return [...state.jobs.values()].filter((job) => isEnded(jobStatus(job, state.run, now))).length;
}
