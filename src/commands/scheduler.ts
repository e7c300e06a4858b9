import { randomUUID } from 'node:crypto';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { UsageError } from '../core/errors.ts';
import { writeJsonLine } from '../terminal/json.ts';
import { plainText } from '../terminal/plain-text.ts';
import type { Cli } from './context.ts';
import { examples, sharedFlags } from './flags.ts';

/** Without a sign of life for so long another scheduler sends what this one had begun to send. */
const LEASE_MS = 60_000;

export function schedulerCommand(cli: Cli): CommandUnknownOpts {
  const command = new Command('scheduler')
    .description('turn the schedules of a fleet into runs, until stopped; several may run at a time')
    .argument('[file]', 'the fleet’s celeroot.yaml')
    .option('--beat', 'do it')
    .option('--dry-run', 'list what would be sent, when and to whom, and send nothing')
    .option('--for <duration>', 'with --dry-run: how far to look, at most 366d, 1d unless given')
    .addHelpText(
      'after',
      examples('celeroot scheduler celeroot.yaml --beat', 'celeroot scheduler celeroot.yaml --dry-run --for 7d'),
    );
  return command.action(async (file, { beat = false, dryRun = false, for: span }) => {
    const { config, json } = sharedFlags(command);
    if (beat === dryRun) {
      throw new UsageError('USAGE', 'expected either --beat or --dry-run', { hint: `see  celeroot scheduler --help` });
    }
    if (beat && span !== undefined) {
      throw new UsageError('USAGE', '--for says how far --dry-run looks', { hint: 'leave --for out' });
    }
    const { findConfigFile } = await import('../config/load.ts');
    const path = findConfigFile(file ?? config ?? undefined, cli.env, cli.cwd);
    if (dryRun) {
      const { listNext } = await import('./schedules/list-next.ts');
      return await listNext(cli, command, { file: path, name: null, span: span ?? '1d', limit: '1000' });
    }
    const { runScheduler } = await import('../scheduler/run-scheduler.ts');
    const { sayDaily } = await import('../scheduler/say-daily.ts');
    const { renewTrustWhenDue } = await import('../fleet/renew-trust-when-due.ts');
    const { scheduleAuthority, schedulerSender } = await import('../fleet/schedule-authority.ts');
    const log = (line: string): void =>
      json
        ? writeJsonLine(cli.stdout, { at: cli.clock.now(), message: line })
        : cli.stdout.write(`${plainText(line)}\n`);
    const remind = sayDaily(cli.clock, log);
    const stop = new AbortController();
    using _term = cli.onSignal('SIGTERM', () => stop.abort());
    using _int = cli.onSignal('SIGINT', () => stop.abort());
    await runScheduler(
      {
        file: path,
        env: cli.env,
        by: cli.by,
        owner: `${cli.by} ${randomUUID()}`,
        clock: cli.clock,
        leaseMs: LEASE_MS,
        senderOf: async (fleet) => {
          const notice = await renewTrustWhenDue(fleet, cli.clock);
          if (notice !== null) remind(notice);
          return await schedulerSender(fleet, cli);
        },
        authorityOf: async (fleet, schedule) =>
          await scheduleAuthority(fleet, schedule, { ...cli, by: `schedule ${schedule.name}` }),
        log,
      },
      stop.signal,
    );
  });
}
