import type { Argv } from '../src/core/step.ts';
import { celeroot, FLEET, onAllAtOnce, type Ground } from './ground.ts';
import { reportsIn, timesOnHosts } from './reports.ts';
import { measured, type Result, type Samples } from './result.ts';
import { takeTurns, timed, type Command, type Run } from './timing.ts';

const ROUNDS = 5;
const PACKAGE = 'hello-lab';

/** Installing a tiny package on hosts that have neither it nor its file: bare, with celeroot and with what else there is. */
export async function* measureInstall(ground: Ground): AsyncGenerator<Result> {
  timed(onAllAtOnce(ground, apt('update')));
  const onHosts: number[][] = [];
  const samples = await takeTurns<string>(ROUNDS, {
    bare: () => timedAnew(ground, onAllAtOnce(ground, apt('install', '-y', PACKAGE))).ms,
    celeroot: () => {
      const { ms, stdout } = timedAnew(ground, install(ground));
      onHosts.push([...timesOnHosts(reportsIn(stdout))]);
      return ms;
    },
    ...Object.fromEntries(ground.peers.map((peer) => [peer.name, () => timedAnew(ground, peer.install(PACKAGE)).ms])),
  });
  const where = `on ${ground.lab.hosts.length} hosts`;
  const inMs = (what: string, name: string): Samples => ({ what, unit: 'ms', samples: samples[name] ?? [] });
  const limits = ground.lab.hosts.length < FLEET ? {} : { ratioAtMost: 1.1 };
  const bare = inMs(`apt-get install ${where} at once`, 'bare');
  yield measured(bare);
  yield measured(inMs(`apt.install ${where}, to the last result`, 'celeroot'), limits, bare);
  yield measured({ what: 'apt.install, time on a host', unit: 'ms', samples: onHosts.slice(1).flat() });
  for (const { name } of ground.peers) {
    const peer = inMs(`${name} installing ${where}`, name);
    yield measured(peer);
    yield measured(inMs(`apt.install over ${name}`, 'celeroot'), {}, peer);
  }
}

/** The same on hosts that have the package. */
export async function* measureNothingToInstall(ground: Ground): AsyncGenerator<Result> {
  const onHosts: number[][] = [];
  const samples = await takeTurns<string>(ROUNDS, {
    celeroot: () => {
      const { ms, stdout } = timed(install(ground));
      onHosts.push([...timesOnHosts(reportsIn(stdout))]);
      return ms;
    },
    ...Object.fromEntries(ground.peers.map((peer) => [peer.name, () => timed(peer.install(PACKAGE)).ms])),
  });
  const where = `on ${ground.lab.hosts.length} hosts`;
  const inMs = (what: string, name: string): Samples => ({ what, unit: 'ms', samples: samples[name] ?? [] });
  const own = inMs(`apt.install of what is there ${where}`, 'celeroot');
  yield measured(own);
  const times = onHosts.slice(1).flat();
  yield measured({ what: 'apt.install of what is there, time on a host', unit: 'ms', samples: times }, { atMost: 20 });
  for (const { name } of ground.peers) {
    const peer = inMs(`${name} installing what is there ${where}`, name);
    yield measured(peer);
    yield measured({ ...own, what: `apt.install of what is there over ${name}` }, {}, peer);
  }
}

function install(ground: Ground): Command {
  return celeroot(ground, ['apt', 'install', PACKAGE, '--all', '--yes', '--json']);
}

function timedAnew(ground: Ground, command: Command): Run {
  timed(onAllAtOnce(ground, apt('purge', '-y', PACKAGE)));
  timed(onAllAtOnce(ground, ['find', '/var/cache/apt/archives', '-name', '*.deb', '-delete']));
  return timed(command);
}

function apt(...args: readonly string[]): Argv {
  return ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
}
