import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetConfig, Host } from '../config/fleet-config.ts';
import type { Clock } from '../core/clock.ts';
import { CommandError, RejectedError } from '../core/errors.ts';
import type { Presence } from '../core/presence.ts';
import type { ControllerBroker } from '../queue/broker.ts';
import { readHostStatuses } from './host-status.ts';
import { workerLogLine } from './join-steps.ts';

export type Hello = {
  /** What came before that, by the host's own clock, is no answer; milliseconds since 1970. */
  readonly since: number;
  readonly waitMs: number;
  readonly clock: Clock;
  /** Called about once a second with how long it has been waited for. */
  readonly onWait: (waitedMs: number) => void;
};

/**
 * Waits until the host has said that it is there, signed with its recorded key.
 * @throws CommandError HOST_SILENT when it has not within that time; RejectedError HOST_TWICE when another machine
 * than the recorded one does.
 */
export async function awaitHello(
  broker: ControllerBroker,
  { config, host }: { readonly config: FleetConfig; readonly host: Host },
  { since, waitMs, clock, onWait }: Hello,
): Promise<Presence> {
  const began = performance.now();
  for (let looks = 0; ; looks += 1) {
    const [status] = await readHostStatuses([host], { broker, fleet: config.fleet, clock });
    const said = status?.presence?.online === true ? status.presence.presence : null;
    if (said !== null && said.seenAt >= since) return requireMachine(host, said);
    const waitedMs = performance.now() - began;
    if (waitedMs > waitMs) throw silent(host, waitMs);
    if (looks % LOOKS_PER_SECOND === 0) onWait(waitedMs);
    await sleep(1000 / LOOKS_PER_SECOND);
  }
}

const LOOKS_PER_SECOND = 5;

function requireMachine({ name, machine }: Host, said: Presence): Presence {
  if (machine === null || machine === said.machine) return said;
  throw new RejectedError('HOST_TWICE', `another machine than the one that joined says that it is ${name}`, {
    hint: `both have the key of ${name}: stop celeroot-worker on the one that shall not be it`,
    details: { recorded: machine, came: said.machine },
  });
}

function silent(host: Host, waitMs: number): CommandError {
  const { name } = host;
  return new CommandError(
    'HOST_SILENT',
    `${name} has not said hello within ${Math.round(waitMs / 1000)} s; it is recorded`,
    {
      hint: `see what its worker says:  ${workerLogLine(host)}\nwait again:  celeroot hosts accept ${name} --wait`,
    },
  );
}
