import type { FleetConfig } from '../config/fleet-config.ts';
import type { Grant } from '../trust/trust-file.ts';
import { readTrustFile } from './trust-on-disk.ts';

/** What a reader needs to know of the fleet to believe anything: whose signature it has to bear. */
export type Witness = {
  readonly fleet: FleetConfig['fleet'];
  readonly hosts: FleetConfig['hosts'];
  /** Keys of operators, who make runs and may report that a job was withdrawn. */
  readonly grants: readonly Grant[];
};

/**
 * The configuration and the trust file as a witness.
 * @throws ConfigError TRUST_UNUSABLE: without a trust file there are no operators, and no run could be believed.
 */
export async function witnessOf(fleet: FleetConfig, now: number): Promise<Witness> {
  const { trust } = await readTrustFile(fleet, now);
  return { fleet: fleet.fleet, hosts: fleet.hosts, grants: trust.grants };
}
