import type { Host } from '../../src/config/fleet-config.ts';
import { fleetNameSchema, hostNameSchema, type HostName } from '../../src/core/names.ts';
import type { HostFacts, Presence } from '../../src/core/presence.ts';
import type { Refusal, SignedReport } from '../../src/core/report.ts';
import type { Run } from '../../src/core/run.ts';
import type { Signed } from '../../src/core/signed.ts';
import { readNewestRuns } from '../../src/fleet/believe-runs.ts';
import { hearRefusals, type HeardRefusal } from '../../src/fleet/hear-hosts.ts';
import type { Witness } from '../../src/fleet/witness.ts';
import type { ControllerBroker } from '../../src/queue/broker.ts';
import { firstTrust } from '../../src/trust/change-trust.ts';
import { signStatement } from '../../src/trust/host-statement.ts';
import { makeSigningKey, type SigningKey } from '../../src/trust/key.ts';
import { sealRun } from '../../src/trust/run-record.ts';
import { sealReport } from '../../src/trust/sign-report.ts';

/** What operators and hosts of a fleet `test` say, by one key for all operators and one for all hosts. */
const fleet = fleetNameSchema.parse('test');
export const operatorKey = makeSigningKey();
export const hostKey = makeSigningKey();

export const saidPresence = (host: HostName, said: Presence): Signed =>
  signStatement('presence', { fleet, host, said }, hostKey);
export const saidFacts = (host: HostName, said: HostFacts): Signed =>
  signStatement('facts', { fleet, host, said }, hostKey);
export const saidRefusal = (host: HostName, said: Refusal): Signed =>
  signStatement('refusal', { fleet, host, said }, hostKey);

/** The same report, signed by the key of hosts. */
export function signed({ report }: Pick<SignedReport, 'report'>): SignedReport {
  return sealReport(report, hostKey);
}

export async function saveRun(controller: ControllerBroker, run: Run, key: SigningKey = operatorKey): Promise<void> {
  await controller.saveRun(run, sealRun(fleet, run, key));
}

/** Believes the operator and these hosts. */
export function witnessOf(hosts: readonly string[]): Witness {
  const { grants } = firstTrust(fleet, { root: makeSigningKey().id, operator: operatorKey.id }, Date.now());
  return { fleet, hosts: new Map(hosts.map((name) => [hostNameSchema.parse(name), hostNamed(name)])), grants };
}

export function hostNamed(text: string, key: string = hostKey.id): Host {
  const name = hostNameSchema.parse(text);
  return {
    name,
    address: name,
    roles: [],
    description: null,
    key,
    outgoingKey: null,
    previousKeys: [],
    brokerPassword: null,
    renamedFrom: null,
    machine: null,
    labels: {},
  };
}

/** The newest runs that `saveRun` stored. */
export async function runsIn(controller: ControllerBroker, limit = 10): Promise<readonly Run[]> {
  return (await readNewestRuns(controller, witnessOf([]), limit)).runs;
}

/** What hosts refused, by whatever key they signed it. */
export async function refusalsIn(
  controller: ControllerBroker,
  hosts: readonly string[],
  { limit = 10, key = hostKey.id }: { readonly limit?: number; readonly key?: string } = {},
): Promise<readonly HeardRefusal[]> {
  return await hearRefusals(controller, { fleet, hosts: hosts.map((name) => hostNamed(name, key)) }, limit);
}
