import { celeroot, FLEET, onAllAtOnce, type Ground } from './ground.ts';
import { measured, type Result, type Samples } from './result.ts';
import { takeTurns, timed } from './timing.ts';

const ROUNDS = 11;

/** What a task that does nothing may take, over what the others take to do nothing. */
const BUDGETS: Readonly<Record<string, number>> = { pssh: 1, Ansible: 1 / 15 };

/** Doing nothing on all hosts: bare, with celeroot and with what else is installed. */
export async function* measureNoOp(ground: Ground): AsyncGenerator<Result> {
  const ping = celeroot(ground, ['system', 'ping', '--all', '--yes']);
  const samples = await takeTurns<string>(ROUNDS, {
    bare: () => timed(onAllAtOnce(ground, ['true'])).ms,
    celeroot: () => timed(ping).ms,
    ...Object.fromEntries(ground.peers.map(({ name, noOp }) => [name, () => timed(noOp).ms])),
  });
  const where = `on ${ground.lab.hosts.length} hosts`;
  const inMs = (what: string, name: string): Samples => ({ what, unit: 'ms', samples: samples[name] ?? [] });
  const bare = inMs(`nsenter true ${where} at once`, 'bare');
  yield measured(bare);
  yield measured(inMs(`system.ping ${where}, to the last result`, 'celeroot'), {}, bare);
  for (const { name } of ground.peers) {
    const peer = inMs(`${name} doing nothing ${where}`, name);
    yield measured(peer);
    const budget = BUDGETS[name];
    const limits = budget === undefined || ground.lab.hosts.length < FLEET ? {} : { ratioAtMost: budget };
    yield measured(inMs(`system.ping over ${name}`, 'celeroot'), limits, peer);
  }
}
