import { editText } from '../config/edit.ts';
import type { FleetConfig } from '../config/fleet-config.ts';
import { beginKeyChange, canFollow, endKeyChange, type KeyChange } from '../config/key-edits.ts';
import type { Environment } from '../config/read-broker.ts';
import { changeConfig } from '../config/write-config.ts';
import type { HostName } from '../core/names.ts';
import type { Outcome } from '../core/outcome.ts';
import type { JobState } from '../core/run-state.ts';
import { keyOfferedSchema, keysRotate } from '../tasks/keys-rotate.ts';
import { readKeyOffer } from '../trust/key-offer.ts';
import { askHosts, whyNoOutcome, whyNotAsked, type Asked, type AskOptions } from './ask-hosts.ts';
import { candidatesIn } from './candidates.ts';
import { readRun } from './follow-run.ts';
import { assignToHost, plainRun } from './prepare-run.ts';
import { recordHost } from './record-host.ts';
import { requireOneMachine } from './require-one-machine.ts';
import { witnessOf } from './witness.ts';

export type RotateOptions = AskOptions & {
  readonly hosts: readonly HostName[];
  readonly env: Environment;
};

/** What came of it for a host. */
export type Rotation = {
  readonly host: HostName;
  /** The key that is recorded now; null when it has none. */
  readonly key: string | null;
  /** `begun`: the new key is recorded, and the host may still sign with the old one. */
  readonly state: 'rotated' | 'begun' | 'as before';
  /** Why it did not come to its end; null when it did. */
  readonly why: string | null;
};

/**
 * Replaces the keys of hosts:
 *
 *   the host makes a key and offers it, signed by both ─▶ recorded, the old one is believed besides ─▶ the host signs
 *   with it ─▶ the old one is believed on earlier runs only
 *
 * Each step is on disk before the next begins. Whatever dies between them, host and controller believe each other as
 * before, and the same again goes on from there.
 * @throws ConfigError, ConnectionError, RejectedError NOT_GRANTED or HOST_TWICE.
 */
export async function rotateHostKeys({ hosts, env, ...options }: RotateOptions): Promise<readonly Rotation[]> {
  const failed = new Map<HostName, string>();
  for (const host of hosts) {
    const why = whyNotAsked(options.fleet, host, keysRotate);
    if (why !== null) failed.set(host, why);
  }
  const asked = hosts.filter((host) => !failed.has(host));
  const fresh = asked.filter((host) => !isBegun(options.fleet, host));
  const recorded = await begin(fresh, { ...options, env, failed });
  const begun = asked.filter((host) => isBegun(recorded, host));
  const after = await finish(begun, { ...options, fleet: recorded, env, failed });
  return hosts.map((host) => {
    const key = after.hosts.get(host)?.key ?? null;
    if (isBegun(after, host)) return { host, key, state: 'begun', why: failed.get(host) ?? INTERRUPTED };
    if (begun.includes(host)) return { host, key, state: 'rotated', why: null };
    return { host, key, state: 'as before', why: failed.get(host) ?? INTERRUPTED };
  });
}

type Stage = AskOptions & {
  readonly env: Environment;
  /** Why hosts do not get on; added to. */
  readonly failed: Map<HostName, string>;
};

/** Has hosts offer keys, and records them beside the old ones. */
async function begin(hosts: readonly HostName[], stage: Stage): Promise<FleetConfig> {
  const { fleet, env, sender, failed } = stage;
  if (hosts.length === 0) return fleet;
  const asked = await askEach(
    hosts.map((host) => ({ host, take: null })),
    { ...stage, expiresInMs: OFFER_WITHIN_MS },
  );
  const changes: KeyChange[] = [];
  for (const job of jobsOf(asked)) {
    const offered = await offerIn(job, asked, fleet);
    if (typeof offered === 'string') failed.set(job.host, offered);
    else if (canFollow(fleet, offered) && !changes.some(({ to }) => to === offered.to)) changes.push(offered);
    else failed.set(job.host, 'the key it offers is, or was, that of a host');
  }
  for (const { host, to } of changes) {
    await recordHost(fleet, { host, what: 'rotated', detail: to, clock: sender.clock });
  }
  const { after } = await changeConfig(fleet.file, env, (text, config) => {
    return editText(text, changes.filter((change) => canFollow(config, change)).flatMap(beginKeyChange));
  });
  for (const { host, to } of changes) if (after.hosts.get(host)?.key !== to) failed.set(host, MEANWHILE);
  return after;
}

/** The key that a host offers, or why there is none. */
async function offerIn(job: HostJob, asked: Asked, { fleet, hosts }: FleetConfig): Promise<KeyChange | string> {
  const why = whyNoOutcome(job, asked.snapshot);
  if (why !== null) return why;
  const { data, failure } = outcomeOf(job);
  const offer = keyOfferedSchema.safeParse(data).data?.offer;
  if (offer === undefined) return failure?.message ?? 'its answer cannot be read';
  const from = hosts.get(job.host)?.key ?? '';
  const to = await readKeyOffer(offer, { fleet, host: job.host, job: job.id, from });
  return to === null
    ? 'what it offers is not signed by the key it has and by the new one'
    : { host: job.host, from, to };
}

/** Has hosts take the keys that are recorded; then the old ones count for nothing new. */
async function finish(hosts: readonly HostName[], stage: Stage): Promise<FleetConfig> {
  const { fleet, env, sender, failed } = stage;
  if (hosts.length === 0) return fleet;
  const asked = await askEach(
    hosts.map((host) => ({ host, take: fleet.hosts.get(host)?.key ?? null })),
    { ...stage, expiresInMs: TAKE_WITHIN_MS },
  );
  const taken = await hostsThatSignAnew(asked, stage);
  for (const job of jobsOf(asked)) {
    const why =
      whyNoOutcome(job, asked.snapshot) ?? outcomeOf(job).failure?.message ?? 'it does not sign with the new key';
    if (!taken.has(job.host)) failed.set(job.host, why);
  }
  const { after } = await changeConfig(fleet.file, env, (text, config) => {
    const ended = [...config.hosts.values()].filter(
      ({ name, key }) => taken.has(name) && key === fleet.hosts.get(name)?.key,
    );
    return editText(
      text,
      ended.flatMap((host) => endKeyChange(host, sender.clock.now())),
    );
  });
  return after;
}

/** By what is signed with the recorded key itself: whoever has the old one shall not say that the new one is in use. */
async function hostsThatSignAnew({ run }: Asked, { fleet, broker, sender }: Stage): Promise<ReadonlySet<HostName>> {
  const hosts = new Map([...fleet.hosts].map(([name, host]) => [name, { ...host, outgoingKey: null }] as const));
  const witness = await witnessOf({ ...fleet, hosts }, sender.clock.now());
  const { state } = await readRun(broker, run, { witness, candidatesOf: candidatesIn(fleet) });
  const signed = [...state.jobs.values()].flatMap(({ host, end }) => {
    const isDone = host !== null && end !== null && 'outcome' in end && end.outcome.status !== 'failed';
    return isDone ? [host] : [];
  });
  return new Set(signed);
}

/** An offer is for whoever waits for it. */
const OFFER_WITHIN_MS = 5 * 60_000;
/** A host that goes off meanwhile shall find it when it returns. */
const TAKE_WITHIN_MS = 24 * 3_600_000;
/** A host takes a key when it has nothing else in hand. */
const DEADLINE_MS = 10 * 60_000;
const INTERRUPTED = 'it was not waited for';
const MEANWHILE = 'its key was changed by somebody else meanwhile';

type Question = { readonly host: HostName; readonly take: string | null };

async function askEach(
  questions: readonly Question[],
  stage: Stage & { readonly expiresInMs: number },
): Promise<Asked> {
  const { fleet, broker, sender, expiresInMs } = stage;
  const [first] = questions;
  const prepared = plainRun({
    task: keysRotate,
    args: {},
    expiresInMs,
    deadlineMs: DEADLINE_MS,
    target: questions.length === 1 ? `host ${first?.host}` : `the keys of ${questions.length} hosts`,
    assignments: questions.map(({ host, take }) => ({ ...assignToHost(fleet, host), args: { take } })),
  });
  await requireOneMachine(broker, { fleet, prepared }, sender.clock);
  return await askHosts(prepared, stage);
}

type HostJob = JobState & { readonly host: HostName };

/** By their hosts, also of those that have not said a word. */
function jobsOf({ snapshot }: Asked): readonly HostJob[] {
  return [...(snapshot?.state.jobs.values() ?? [])].flatMap((job) =>
    job.to.kind === 'host' ? [{ ...job, host: job.to.host }] : [],
  );
}

function outcomeOf({ end }: JobState): Pick<Outcome, 'data' | 'failure'> {
  return end !== null && 'outcome' in end ? end.outcome : { data: null, failure: null };
}

function isBegun({ hosts }: FleetConfig, name: HostName): boolean {
  return (hosts.get(name)?.outgoingKey ?? null) !== null;
}
