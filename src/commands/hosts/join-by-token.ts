import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig, Host } from '../../config/fleet-config.ts';
import { acceptHost } from '../../config/host-edits.ts';
import { namedHost } from '../../config/named-host.ts';
import { renderWorkerFile } from '../../config/worker-file.ts';
import { messageOf, RejectedError } from '../../core/errors.ts';
import { admitToBroker } from '../../fleet/admit-to-broker.ts';
import { warnOfBroker } from '../../fleet/join-steps.ts';
import { makeJoinToken } from '../../fleet/make-join-token.ts';
import { openTokenJoin, type TokenJoin } from '../../fleet/token-join.ts';
import { readTrustFile } from '../../fleet/trust-on-disk.ts';
import type { ControllerBroker } from '../../queue/broker.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJsonLine } from '../../terminal/json.ts';
import { waitingLine } from '../../terminal/waiting-line.ts';
import type { JoinAnswer } from '../../trust/join-answer.ts';
import { formatJoinToken, type JoinToken } from '../../trust/join-token.ts';
import type { Cli } from '../context.ts';
import { sharedFlags } from '../flags.ts';
import { leaveSignal } from '../leave-signal.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';
import { finish, recordAnswer, requireAnswer, type Accepted } from './accept-answer.ts';
import { fingerprintAsker, type FingerprintAsker } from './confirm-fingerprint.ts';

export type TokenFlags = {
  readonly name: string;
  readonly fingerprint: string | undefined;
  readonly replace: boolean;
};

/**
 * Prints a token, waits for the machine that uses it, has its key confirmed, records it and waits for its first hello.
 * @throws what `openTokenJoin`, `acceptAnswer` and the asker throw; CommandError INTERRUPTED.
 */
export async function joinByToken(cli: Cli, command: CommandUnknownOpts, flags: TokenFlags): Promise<void> {
  const asker = fingerprintAsker(cli, flags.fingerprint);
  const fleet = await loadFleetConfig(cli, command);
  const host = namedHost(fleet, flags.name);
  await finish(cli, command, await receive({ cli, command, fleet, host, asker, replace: flags.replace }));
}

type Receiving = {
  readonly cli: Cli;
  readonly command: CommandUnknownOpts;
  readonly fleet: FleetConfig;
  readonly host: Host;
  readonly asker: FingerprintAsker;
  readonly replace: boolean;
};

/** From the token to the machine that has its worker file. The way in by the token is gone afterwards, however it ends. */
async function receive(receiving: Receiving): Promise<Accepted> {
  const { cli, command, fleet, host } = receiving;
  using leave = leaveSignal(
    cli,
    `celeroot was told to end before ${host.name} had joined; its token is good for nothing`,
  );
  const token = makeJoinToken(fleet, host, cli);
  const text = formatJoinToken(token);
  await using broker = await openBroker(cli, fleet);
  await using join = await openTokenJoin(broker, token, cli.clock);
  const warning = warnOfBroker(fleet);
  if (warning !== null) writeWarning(cli.stderr, warning);
  showToken(cli, { token, text }, sharedFlags(command).json);
  try {
    return await admit(receiving, { token, broker, join, signal: leave.signal });
  } catch (error) {
    await join.refuse(messageOf(error)).catch(() => undefined);
    throw error;
  }
}

type Ways = {
  readonly token: JoinToken;
  readonly broker: ControllerBroker;
  readonly join: TokenJoin;
  readonly signal: AbortSignal;
};

async function admit(receiving: Receiving, { token, broker, join, signal }: Ways): Promise<Accepted> {
  const { cli, command, fleet, host, asker, replace } = receiving;
  const { name } = host;
  const answer = await requireAnswer(await awaitOffer(receiving, { join, signal }), fleet, host);
  refuseEarly(fleet, answer, replace);
  const left = AbortSignal.timeout(Math.max(0, token.expiresAt - cli.clock.now()) + 100);
  const isConfirmed = await asker(answer, AbortSignal.any([signal, left]));
  signal.throwIfAborted();
  await join.requireUnchanged();
  if (!isConfirmed) throw notTyped(name);
  const { trust } = await readTrustFile(fleet, cli.clock.now());
  const accepted = await recordAnswer(cli, command, { fleet, answer, replace });
  for (const line of await admitToBroker(broker, accepted.config, accepted.host)) writeWarning(cli.stderr, line);
  await join.accept(renderWorkerFile(accepted.config, namedHost(accepted.config, name), { leastTrust: trust.version }));
  return accepted;
}

function notTyped(host: string): RejectedError {
  return new RejectedError('CONFIRMATION_NEEDED', `nobody typed the fingerprint that ${host} shows`, {
    hint: 'nothing was recorded; the token is good for nothing any more',
  });
}

/** Before anybody compares fingerprints. */
function refuseEarly(fleet: FleetConfig, { host, key, brokerPassword, machine }: JoinAnswer, replace: boolean): void {
  if (brokerPassword === null) {
    throw new RejectedError('JOIN_ANSWER_INVALID', `${host} made itself no password for Redis`, {
      hint: 'who joins by a token has a user of its own there; is that machine’s celeroot of another version?',
    });
  }
  acceptHost(fleet, host, { key, brokerPassword, machine, replace });
}

async function awaitOffer(
  { cli, command, host }: Receiving,
  { join, signal }: Pick<Ways, 'join' | 'signal'>,
): Promise<string> {
  const wait = waitingLine(cli.stderr, `waiting for ${host.name}`, sharedFlags(command).json);
  try {
    return await join.awaitOffer({ signal, onWait: (leftMs) => wait.tick(`${minutes(leftMs)} left; Ctrl-C ends it`) });
  } finally {
    wait.end();
  }
}

/** `14:59`. */
function minutes(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** The token alone goes to standard output. */
function showToken(
  cli: Cli,
  { token, text }: { readonly token: JoinToken; readonly text: string },
  json: boolean,
): void {
  const { host, expiresAt } = token;
  if (json) return writeJsonLine(cli.stdout, { host, token: text, command: COMMAND, expiresAt });
  cli.stderr.write(
    `On ${host}, where celeroot’s package is installed, type as root:\n  ${COMMAND}\nand paste these lines when it asks. Until ${host} has joined they are secret; they are good once, for 15 minutes.\n\n`,
  );
  cli.stdout.write(text);
  cli.stderr.write('\n');
}

const COMMAND = 'celeroot join';
