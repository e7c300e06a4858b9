import { resolve } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { RejectedError } from '../core/errors.ts';
import { quoteWord } from '../core/quote-word.ts';
import { openHostKey } from '../executor/host-key.ts';
import { startWorkerUnit } from '../host/start-worker-unit.ts';
import { systemdRuns } from '../host/start-detached.ts';
import { WORKER_FILE } from '../host/worker-unit.ts';
import { writeJson, writeJsonLine } from '../terminal/json.ts';
import { MAX_TOKEN_BYTES, parseJoinToken, TOKEN_END, type JoinToken } from '../trust/join-token.ts';
import { keyFingerprint } from '../trust/key-fingerprint.ts';
import { joinByToken } from '../worker/join-by-token.ts';
import type { Cli } from './context.ts';
import { sharedFlags } from './flags.ts';
import { leaveSignal } from './leave-signal.ts';

/** For who confirms the key before the host joins, such as a script. */
export async function printFingerprint(cli: Cli, command: CommandUnknownOpts): Promise<void> {
  const { id: key } = await openHostKey(cli.stateDir);
  const fingerprint = keyFingerprint(key);
  if (sharedFlags(command).json) return writeJson(cli.stdout, { key, fingerprint });
  cli.stdout.write(`${fingerprint}\n`);
}

/**
 * Joins with the token that is pasted or comes on standard input, and starts the worker where systemd does that.
 * @throws RejectedError JOIN_TOKEN_UNUSABLE and what `joinByToken` throws; CommandError INTERRUPTED, COMMAND_FAILED.
 */
export async function useToken(cli: Cli, command: CommandUnknownOpts, file: string | undefined): Promise<void> {
  const { clock, cwd, stateDir } = cli;
  const { json, calledAs } = sharedFlags(command);
  const workerFile = resolve(cwd, file ?? WORKER_FILE);
  const token = await readToken(cli);
  using leave = leaveSignal(cli, 'celeroot was told to end before this machine had joined');
  const { fleet, host } = token;
  const onOffered = (fingerprint: string): void => {
    if (json) return writeJsonLine(cli.stdout, { fleet, host, fingerprint });
    cli.stderr.write(
      `The fingerprint of the key of ${host}, to be typed on the controller of ${fleet}:\n\n  ${fingerprint}\n\n`,
    );
  };
  await joinByToken(token, { workerFile, stateDir, clock, signal: leave.signal, onOffered });
  const starts = workerFile === WORKER_FILE && systemdRuns();
  if (starts) await startWorkerUnit();
  const line = `${quoteWord(calledAs)} worker ${quoteWord(workerFile)}`;
  if (json)
    return writeJsonLine(cli.stdout, { fleet, host, file: workerFile, started: starts, line: starts ? null : line });
  cli.stdout.write(`this machine is the host ${host} of the fleet ${fleet}: wrote ${workerFile}\n`);
  cli.stdout.write(
    starts
      ? 'the worker runs\n'
      : `To start the worker, which nothing does here by itself; end one that runs, it has read another file:\n  ${line}\n`,
  );
}

async function readToken(cli: Cli): Promise<JoinToken> {
  const question = 'Paste the token, which does not show, and press Enter: ';
  const text =
    cli.ask === null
      ? await cli.readStdin(MAX_TOKEN_BYTES)
      : await cli.ask(question, { until: TOKEN_END, hidden: true });
  const token = parseJoinToken(text);
  if (token !== null) return token;
  const what = text.trim() === '' ? 'no token came' : 'what came is no whole token: a part is missing or changed';
  throw new RejectedError('JOIN_TOKEN_UNUSABLE', what, {
    hint: 'take all lines that  celeroot hosts join NAME --token  prints, the first and the last too',
  });
}
