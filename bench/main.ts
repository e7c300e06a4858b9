import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkPrograms } from '../lab/programs.ts';
import { MOST_HOSTS } from '../lab/network.ts';
import { CelerootError, UsageError } from '../src/core/errors.ts';
import { measureColdStart } from './cold-start.ts';
import { measureFanOut } from './fan-out.ts';
import { measureFirstHost } from './first-host.ts';
import { measureIdleWorker } from './idle-worker.ts';
import { describeMachine } from './machine.ts';
import { measureOnHosts } from './on-hosts.ts';
import { packedProgram } from './program.ts';
import { renderProgress, renderTable } from './render.ts';
import type { Result } from './result.ts';
import { measureRevocation } from './revocation.ts';
import type { Setting } from './setting.ts';

const PARTS: Readonly<Record<string, (setting: Setting) => AsyncGenerator<Result>>> = {
  start: measureColdStart,
  first: measureFirstHost,
  hosts: measureOnHosts,
  fanout: measureFanOut,
  idle: measureIdleWorker,
  revocation: measureRevocation,
};

const HELP = `usage: npm run bench [-- OPTIONS]

Measures celeroot on this machine, as root, in about five minutes, and says which budgets are met.
What of pssh, clush and Ansible is installed is measured beside it, on the same hosts.

  --hosts N     lab hosts to measure on (default 3); what holds for fleets is judged from 32 on
  --only PART   only this part (repeatable): ${Object.keys(PARTS).join(', ')}
  --json FILE   write the results there too
`;

async function main(): Promise<void> {
  const { values } = optionsGiven();
  if (values.help === true) return console.log(HELP);
  const parts = values.only.map(partNamed);
  const hosts = hostCount(values.hosts);
  if (values.json !== undefined) await checkWritable(values.json);
  checkPrograms();
  const machine = describeMachine();
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-bench-'));
  try {
    console.error('bench: building and packing celeroot');
    const program = await packedProgram(join(folder, 'program'));
    const results: Result[] = [];
    for (const part of parts) {
      for await (const result of part({ program, folder, hosts })) {
        console.error(renderProgress(result));
        results.push(result);
      }
    }
    const { cpu, cores, memoryMiB, kernel, node, load } = machine;
    console.log(`\n${cores} × ${cpu}, ${memoryMiB} MiB, Linux ${kernel}, Node ${node}, load at start ${load}\n`);
    console.log(renderTable(results));
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function optionsGiven() {
  try {
    return parseArgs({
      options: {
        hosts: { type: 'string', default: '3' },
        only: { type: 'string', multiple: true, default: Object.keys(PARTS) },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError('USAGE', why, { cause, hint: 'see  npm run bench -- --help' });
  }
}

function partNamed(name: string): (setting: Setting) => AsyncGenerator<Result> {
  const part = PARTS[name];
  if (part !== undefined) return part;
  throw new UsageError('USAGE', `the bench has no part ${name}`, {
    hint: `parts are ${Object.keys(PARTS).join(', ')}`,
  });
}

function hostCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_HOSTS) return count;
  throw new UsageError('USAGE', `--hosts: expected 1 to ${MOST_HOSTS} hosts, got ${JSON.stringify(text)}`, {
    hint: 'for example  --hosts 3',
  });
}

/** Before all the measuring, not after it. */
async function checkWritable(file: string): Promise<void> {
  try {
    await using _ = await open(file, 'a');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError('USAGE', `--json: cannot write ${file}: ${why}`, { cause });
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof CelerootError)) throw error;
  console.error(`bench: ${error.message}`);
  if (error.hint !== undefined) console.error(`  ${error.hint}`);
  process.exitCode = error.exitCode;
}
