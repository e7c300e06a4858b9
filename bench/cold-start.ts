import { join } from 'node:path';
import { startRedis } from '../test/support/redis.ts';
import { pretendOnline, writeFleet } from './fleet.ts';
import { CHECKOUT } from './program.ts';
import { measured, type Result, type Samples } from './result.ts';
import type { Setting } from './setting.ts';
import { takeTurns, timed } from './timing.ts';

const ROUNDS = 21;

/** How long the command line takes from nothing to its end, packed and from a checkout, over an empty Node. */
export async function* measureColdStart({ program, folder }: Setting): AsyncGenerator<Result> {
  await using redis = await startRedis();
  const few = await writeFleet(folder, redis, 10);
  const many = await writeFleet(folder, redis, 5000);
  await pretendOnline(few);
  await pretendOnline(many);
  const packed = program.celeroot;
  const checkout = [join(CHECKOUT, 'celeroot')] as const;
  const ls = ['hosts', 'ls', '--config'] as const;
  const samples = await takeTurns(ROUNDS, {
    node: () => timed({ argv: [program.node, '-e', '0'] }).ms,
    version: () => timed({ argv: [...packed, '--version'] }).ms,
    fewHosts: () => timed({ argv: [...packed, ...ls, few.configFile] }).ms,
    manyHosts: () => timed({ argv: [...packed, ...ls, many.configFile] }).ms,
    checkoutVersion: () => timed({ argv: [...checkout, '--version'] }).ms,
    checkoutFewHosts: () => timed({ argv: [...checkout, ...ls, few.configFile] }).ms,
  });
  const inMs = (what: string, name: keyof typeof samples): Samples => ({ what, unit: 'ms', samples: samples[name] });
  const node = inMs('node -e 0', 'node');
  yield measured(node);
  yield measured(inMs('celeroot --version', 'version'), { ratioAtMost: 1.3 }, node);
  yield measured(inMs('celeroot hosts ls, 10 hosts', 'fewHosts'), { ratioAtMost: 2.5 }, node);
  yield measured(inMs('celeroot hosts ls, 5,000 hosts', 'manyHosts'), { atMost: 1000 }, node);
  yield measured(inMs('./celeroot --version in a checkout', 'checkoutVersion'), {}, node);
  yield measured(inMs('./celeroot hosts ls in a checkout, 10 hosts', 'checkoutFewHosts'), {}, node);
}
