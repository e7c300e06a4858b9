import { parseArgs } from 'node:util';
import { CelerootError, messageOf, UsageError } from '../src/core/errors.ts';
import { COMMANDS } from './commands.ts';
import { labPaths } from './paths.ts';

const HELP = `usage: npm run lab -- COMMAND

  up [N] [--systemd]              start a lab of N real Debian hosts (default 3) and their workers
  down                            stop it and remove everything it made
  ls                              the labs of this machine
  status                          the hosts of this lab, their addresses and workers
  sh HOST [COMMAND…]              a root shell on a host, or one command
  reset [HOST]                    a host, or all, as the lab made it
  blank HOST                      a machine that celeroot has never been on, with SSH, to be joined (needs --systemd)
  reboot HOST                     pull a host's plug and start it again with its files
  worker start|stop|kill HOST     its worker: start, end in good order, kill -9
  redis start|stop                the lab's Redis
  publish base|updates|pruned     which packages the hosts are offered
  instructions                    what to try, as \`up\` prints it

  --name NAME     which lab (default: CELEROOT_LAB_NAME, else "default")
`;

/** Options stand before or right after the command, so that \`sh HOST ls -l\` needs no quoting. */
async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parsed(argv.slice(0, verbatimFrom(argv)));
  const [name = 'help', ...args] = positionals;
  const command = COMMANDS[name];
  if (values.help === true || command === undefined) {
    console.log(HELP);
    return values.help === true || name === 'help' ? 0 : 2;
  }
  const paths = labPaths(values.name ?? (process.env['CELEROOT_LAB_NAME'] || 'default'));
  const rest = argv.slice(verbatimFrom(argv));
  return await command(paths, { args: [...args, ...rest], systemd: values.systemd ?? false });
}

const OPTIONS = {
  name: { type: 'string' },
  systemd: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function parsed(args: string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>> {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new UsageError('USAGE', messageOf(cause), { hint: 'see: npm run lab -- help', cause });
  }
}

/** Where the command of `sh HOST COMMAND…` begins; it is not ours to parse. */
function verbatimFrom(argv: readonly string[]): number {
  const at = argv.indexOf('sh');
  return at === -1 ? argv.length : at + 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CelerootError)) throw error;
  console.error(`lab: ${error.message}`);
  if (error.hint !== undefined) console.error(`  ${error.hint}`);
  process.exitCode = error.exitCode;
}
