import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { EXIT } from '../../core/exit-codes.ts';
import { inspectBroker } from '../../queue/inspect-broker.ts';
import { writeJson } from '../../terminal/json.ts';
import { writeProperties } from '../../terminal/properties.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

/** Says what Redis is like; what celeroot would refuse to work with ends with the exit code of a broken connection. */
export async function checkBroker(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const askedAt = cli.clock.now();
  const { address, time, findings } = await inspectBroker(fleet.broker);
  const tookMs = cli.clock.now() - askedAt;
  const clockOffsetMs = cli.clock.now() - time;
  const fit = findings.every(({ severity }) => severity !== 'unfit');
  if (!fit) cli.exitWith(EXIT.connection.code);
  if (sharedFlags(command).json) {
    writeJson(cli.stdout, { broker: { address, fit, tookMs, clockOffsetMs, findings } });
    return;
  }
  writeProperties(cli.stdout, [
    ['Redis', address],
    ['answers', `within ${tookMs} ms`],
    ['clock', `${(clockOffsetMs / 1000).toFixed(1)} s from ours`],
    ['fit', fit ? { text: findings.length === 0 ? 'yes' : 'yes, but', style: 'green' } : { text: 'no', style: 'red' }],
    ...findings.flatMap(({ severity, message, mend }): [string, string][] => [
      [severity, message],
      ['  mend with', mend],
    ]),
  ]);
}
