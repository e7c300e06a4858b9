import type { BrokerSettings } from '../core/broker-settings.ts';
import type { ControllerBroker, Consumer, HostUserChanges, WorkerBroker } from './broker.ts';
import { checkBroker } from './check-broker.ts';
import { makeClient } from './connection.ts';
import { openFailFastLink, type FailFastLink } from './fail-fast-link.ts';
import { changeHostUsers, compareHostUsers, readHostUsers } from './host-users.ts';
import { dropExpiredGuests, openJoinDoor } from './join-door.ts';
import { readTime, type Log } from './link.ts';
import { openPatientLink } from './patient-link.ts';
import { dropPause, readPauses, savePause } from './pause-store.ts';
import { announce, readFacts, readPresences, saveFacts } from './presence-store.ts';
import { addRefusal, readRefusals } from './refusal-store.ts';
import { forgetHost } from './forget-host.ts';
import type { Releaser } from './release.ts';
import { appendReport, readReports } from './report-store.ts';
import { rolloutBroker } from './rollout-store.ts';
import { openSlotStore } from './slot-store.ts';
import { newestTrust, publishTrust, shownTrust, trustOf } from './trust-store.ts';
import { watchReports } from './watch-reports.ts';
import { getCancelMark, listRunIds, readRunRecords, saveRun, setCancelMark } from './run-store.ts';

/**
 * The operator's side. Connects and looks whether Redis is fit, or fails within seconds.
 * @throws ConnectionError with the command that mends it.
 */
export async function openControllerBroker(settings: BrokerSettings, log: Log = ignore): Promise<ControllerBroker> {
  await using opening = new AsyncDisposableStack();
  const link = opening.use(await openFailFastLink(settings));
  await link.ask((client) => checkBroker(client, settings, log));
  const releasing = opening.use(releaseLater(link));
  const watcher = opening.use(watchReports(settings, link));
  const opened = opening.move();
  const place = { link, settings };
  const changeUsers = async (changes: HostUserChanges): Promise<readonly string[]> => {
    await dropExpiredGuests(place);
    return await changeHostUsers(place, changes);
  };
  return {
    saveRun: (run, record) => saveRun(link, run, record),
    release: releasing.release,
    rollouts: rolloutBroker(link),
    runIds: (limit) => listRunIds(link, limit),
    runRecords: (ids) => readRunRecords(link, ids),
    readReports: (question) => readReports(link, question),
    awaitReports: watcher.awaitReports,
    appendReport: (id, report) => appendReport(link, { run: id, from: null }, report),
    setCancelMark: (id, mark) => setCancelMark(link, id, mark),
    withdraw: releasing.withdraw,
    presences: (hosts) => readPresences(link, hosts),
    facts: (hosts) => readFacts(link, hosts),
    refusals: (hosts, limit) => readRefusals(link, hosts, limit),
    serverTime: () => link.ask(readTime),
    forgetHost: (host) => forgetHost(link, host),
    shownTrust: () => shownTrust(link),
    trustOf: (version) => trustOf(link, version),
    publishTrust: (to, shown) => publishTrust(link, to, shown),
    slots: openSlotStore(link),
    pauses: () => readPauses(link),
    savePause: (name, pause) => savePause(link, name, pause),
    dropPause: (name) => dropPause(link, name),
    setHostUser: (user) => changeUsers({ add: [], change: [user], remove: [] }),
    dropHostUser: (host) => changeUsers({ add: [], change: [], remove: [host] }),
    hostUsers: () => readHostUsers(place),
    compareHostUsers: (wanted) => compareHostUsers(place, wanted),
    changeHostUsers: changeUsers,
    openJoinDoor: (guest, password) => openJoinDoor(place, guest, password),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Loads BullMQ, which is most of what a command that only reads would have to load, when the first order is sent. */
function releaseLater(link: FailFastLink): AsyncDisposable & Pick<ControllerBroker, 'release' | 'withdraw'> {
  let releaser: Promise<Releaser> | null = null;
  const load = async (): Promise<Releaser> => {
    const { makeReleaser } = await import('./release.ts');
    return makeReleaser(link.client, link);
  };
  return {
    release: async (orders, onQueued) => {
      releaser ??= load();
      await (await releaser).release(orders, onQueued);
    },
    withdraw: async (jobs) => {
      const { withdrawJobs } = await import('./release.ts');
      return await withdrawJobs(link, jobs);
    },
    [Symbol.asyncDispose]: async () => await (await releaser)?.close(),
  };
}

export type WorkerBrokerOptions = {
  /** Ends the waiting for a Redis that is not there. */
  readonly signal?: AbortSignal;
  readonly log?: Log;
  /** Whether to wait too until Redis knows the user: that of a host is made when it is accepted. */
  readonly awaitsLogin?: boolean;
};

/**
 * A host's side. Waits until Redis is there; refuses one that is not fit or, unless told otherwise, that refuses the
 * password, since nobody would see the worker wait for that.
 * @throws ConnectionError with the command that mends it, or when `signal` is aborted.
 */
export async function openWorkerBroker(
  settings: BrokerSettings,
  { signal, log = ignore, awaitsLogin = false }: WorkerBrokerOptions = {},
): Promise<WorkerBroker> {
  await using opening = new AsyncDisposableStack();
  const { consume } = await import('./consume.ts');
  const link = opening.use(openPatientLink(settings, log));
  await link.untilReady({ signal, awaitsLogin });
  await link.ask((client) => checkBroker(client, settings, log));
  const consumers = new Set<Consumer>();
  opening.defer(async () => {
    await Promise.all([...consumers].map((consumer) => consumer.close()));
  });
  const opened = opening.move();
  return {
    announce: (host, presence) => announce(link, host, presence),
    saveFacts: (host, facts) => saveFacts(link, host, facts),
    report: (run, signed) => appendReport(link, { run, from: signed.report.host }, signed),
    refuse: (host, refusal) => addRefusal(link, host, refusal),
    cancelMark: (run) => getCancelMark(link, run),
    newestTrust: () => newestTrust(link),
    trustOf: (version) => trustOf(link, version),
    serverTime: () => link.ask(readTime),
    consume: (queue, concurrency, handle) => {
      const consumer = consume(
        { queue, concurrency, handle },
        { link, makeBlockingClient: (stop) => makeClient(settings, 'patient', stop), log },
      );
      consumers.add(consumer);
      return consumer;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function ignore(): void {}
