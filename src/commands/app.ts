import { setImmediate as nextTurn } from 'node:timers/promises';
import { Command, CommanderError, type CommandUnknownOpts, type Option } from '@commander-js/extra-typings';
import { CelerootError } from '../core/errors.ts';
import { EXIT } from '../core/exit-codes.ts';
import { VERSION } from '../core/version.ts';
import { writeError } from '../terminal/error.ts';
import type { Cli, CliContext } from './context.ts';
import { applyCommand } from './apply.ts';
import { auditCommand } from './audit/audit.ts';
import { brokerCommand } from './broker/broker.ts';
import { configCommand } from './config/config.ts';
import { celerootFor } from './edit-fleet.ts';
import { addSharedFlags, examples } from './flags.ts';
import { downCommand } from './down.ts';
import { executorCommand } from './executor.ts';
import { addHelpCommands } from './help.ts';
import { hostsCommand } from './hosts/hosts.ts';
import { initCommand } from './init.ts';
import { joinCommand } from './join.ts';
import { joinAnswerCommand } from './join-answer.ts';
import { keysCommand } from './keys/keys.ts';
import { locksCommand } from './locks/locks.ts';
import { policyCommand } from './policy/policy.ts';
import { releaseCommand } from './release/release.ts';
import { rolesCommand } from './roles/roles.ts';
import { runsCommand } from './runs/runs.ts';
import { schedulerCommand } from './scheduler.ts';
import { schedulesCommand } from './schedules/schedules.ts';
import { tasksCommand } from './tasks/tasks.ts';
import { upCommand } from './up/up.ts';
import { throwUsageErrors } from './usage-error.ts';
import { workerCommand } from './worker.ts';

/** Runs one command line, without program name, and returns its exit code. Never throws. */
export async function runApp(args: readonly string[], context: CliContext): Promise<number> {
  const json = args.includes('--json');
  let exitCode: number = EXIT.done.code;
  const cli: Cli = {
    ...context,
    exitWith: (code) => {
      exitCode = code;
    },
  };
  let app: CommandUnknownOpts | null = null;
  try {
    app = await createApp(cli, { withTasks: needsTasks(args), json });
    await app.parseAsync(args, { from: 'user' });
    await requireOutput(context.stdoutClosed);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done.code : EXIT.usage.code;
    const celeroot = app === null ? 'celeroot' : celerootFor(app);
    return writeError(context.stderr, error, { json, celeroot });
  }
}

/** What went wrong with a write is told a moment after it. @throws CommandError OUTPUT_FAILED. */
async function requireOutput(closed: AbortSignal): Promise<void> {
  await nextTurn();
  if (closed.reason instanceof CelerootError) throw closed.reason;
}

export type AppOptions = {
  /** Whether to have the commands made from the task registry, which costs more to load than most commands to run. */
  readonly withTasks: boolean;
  /** Whether errors are wanted as data: no help is shown as one then. */
  readonly json: boolean;
};

/** The whole command tree. Commands load what is heavy (config, queue) inside their actions. */
export async function createApp(cli: Cli, { withTasks, json }: AppOptions): Promise<CommandUnknownOpts> {
  const root = new Command('celeroot')
    .description('Keeps a fleet of Debian and Ubuntu servers installed, patched and accounted for.')
    .version(VERSION, '--version', 'print the version')
    .helpOption(...HELP_OPTION)
    .configureOutput({
      writeOut: (text) => cli.stdout.write(text),
      writeErr: (text) => (json ? undefined : cli.stderr.write(text)),
      outputError: () => undefined,
      getOutHelpWidth: () => cli.stdout.columns,
      getErrHelpWidth: () => cli.stderr.columns,
      getOutHasColors: () => cli.stdout.colour,
      getErrHasColors: () => cli.stderr.colour,
    })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: true, visibleGlobalOptions })
    .addHelpText('after', examples('celeroot hosts ls', 'celeroot apt install nginx --role webserver'));
  addSharedFlags(root, cli.env['CELEROOT_CALLED_AS']);
  for (const [name, command] of COMMANDS) root.addCommand(command(cli), { hidden: INTERNAL.has(name) });
  if (withTasks) {
    const { runCommand, taskGroupCommands } = await import('./run/run.ts');
    for (const command of [runCommand(cli), ...taskGroupCommands(cli)]) root.addCommand(command);
  }
  addHelpCommands(root);
  throwUsageErrors(root, json);
  inheritSettings(root, json);
  return root;
}

const HELP_OPTION = ['-h, --help', 'show this help'] as const;

/** The route map: one line per noun, in the order of the alphabet. */
const COMMANDS: readonly (readonly [name: string, command: (cli: Cli) => CommandUnknownOpts])[] = [
  ['apply', applyCommand],
  ['audit', auditCommand],
  ['broker', brokerCommand],
  ['config', configCommand],
  ['down', downCommand],
  ['executor', executorCommand],
  ['hosts', hostsCommand],
  ['init', initCommand],
  ['join', joinCommand],
  ['join-answer', joinAnswerCommand],
  ['keys', keysCommand],
  ['locks', locksCommand],
  ['policy', policyCommand],
  ['release', releaseCommand],
  ['roles', rolesCommand],
  ['runs', runsCommand],
  ['scheduler', schedulerCommand],
  ['schedules', schedulesCommand],
  ['tasks', tasksCommand],
  ['up', upCommand],
  ['worker', workerCommand],
];

/** Commands that celeroot itself types, left out of the help. */
const INTERNAL: ReadonlySet<string> = new Set(['executor']);

/** Whether a command line can only be understood with the task registry: `run`, `apt`, help, or a typing error. */
function needsTasks(args: readonly string[]): boolean {
  const first = args.find((arg, index) => !arg.startsWith('-') && args[index - 1] !== '--config');
  if (first === undefined) return !args.includes('--version');
  return !COMMANDS.some(([name]) => name === first);
}

/**
 * `addCommand` hands nothing down to a command built apart, and commander's own `copyInheritedSettings` would also
 * take away what such a command has set itself.
 */
function inheritSettings(parent: CommandUnknownOpts, json: boolean): void {
  for (const child of parent.commands) {
    child
      .configureOutput(parent.configureOutput())
      .configureHelp(parent.configureHelp())
      .helpOption(...HELP_OPTION);
    throwUsageErrors(child, json);
    inheritSettings(child, json);
  }
}

/** The flags of the commands above; `--version` belongs to the root alone. */
function visibleGlobalOptions({ parent }: CommandUnknownOpts): Option[] {
  if (parent === null) return [];
  const own = parent.options.filter((option) => !option.hidden && option.long !== '--version');
  return [...visibleGlobalOptions(parent), ...own];
}
