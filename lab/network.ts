import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { CommandError } from '../src/core/errors.ts';
import { attempt, run } from './run-command.ts';

/** Addresses of one lab. The hub has .1, the hosts .11 and up, this machine .254. */
export type LabNetwork = {
  readonly subnet: number;
  readonly hub: string;
  readonly machine: string;
  /** The machine's end of the link into the hub. */
  readonly link: string;
};

export const REDIS_PORT = 6379;
const FIRST_HOST = 11;
export const MOST_HOSTS = 240;

export function labNetwork(subnet: number): LabNetwork {
  const address = (last: number): string => `10.213.${subnet}.${last}`;
  return { subnet, hub: address(1), machine: address(254), link: `celerootlab${subnet}` };
}

/** The address of the lab's host number `index`, from 0. */
export function hostAddress(network: LabNetwork, index: number): string {
  return `10.213.${network.subnet}.${FIRST_HOST + index}`;
}

/**
 * A subnet no link or route of this machine touches. The lab called `default` gets 10.213.0.0/24 when that is free.
 * Two callers at once must hold a lock until their links exist.
 */
export async function freeSubnet(name: string): Promise<number> {
  const taken = (await routes()).map((route) => /^10\.213\.(\d+)\./.exec(route)?.[1]).map(Number);
  const first = name === 'default' ? 0 : (createHash('sha256').update(name).digest()[0] ?? 0);
  for (let step = 0; step < 256; step += 1) {
    const subnet = (first + step) % 256;
    if (!taken.includes(subnet)) return subnet;
  }
  throw new CommandError('COMMAND_FAILED', 'all networks 10.213.0.0/24 to 10.213.255.0/24 are in use', {
    hint: 'stop labs nobody needs: npm run lab -- ls, npm run lab -- down --name NAME',
  });
}

async function routes(): Promise<string[]> {
  const shown = await run(['ip', '-json', '-4', 'route', 'show', 'table', 'all']);
  return z
    .array(z.object({ dst: z.string() }))
    .parse(JSON.parse(shown))
    .map((route) => route.dst);
}

/** Gives this machine a link into the hub, so that a celeroot outside the lab's namespaces reaches its Redis. */
export async function linkMachine(network: LabNetwork, hub: number): Promise<void> {
  const inHub = ['nsenter', '--target', `${hub}`, '--net', '--'];
  await addLink(['name', network.link, 'type', 'veth', 'peer', 'name', 'machine', 'netns', `${hub}`], network);
  await run([...inHub, 'ip', 'link', 'set', 'machine', 'master', 'lab0', 'up']);
  await run(['ip', 'address', 'add', `${network.machine}/24`, 'dev', network.link]);
  await run(['ip', 'link', 'set', network.link, 'up']);
}

/** The link to a hub that was killed may still be there: the kernel takes namespaces down when it finds the time. */
async function addLink(description: readonly string[], network: LabNetwork): Promise<void> {
  const add = ['ip', 'link', 'add', ...description];
  for (let tries = 0; tries < 100; tries += 1) {
    const { code, stderr } = await attempt(add);
    if (code === 0) return;
    if (!stderr.includes('File exists')) break;
    await unlinkMachine(network);
    await sleep(50);
  }
  await run(add);
}

/** The link goes by itself with the hub's namespace, a moment later; this does not wait for that moment. */
export async function unlinkMachine(network: LabNetwork): Promise<void> {
  await attempt(['ip', 'link', 'delete', network.link]);
}
