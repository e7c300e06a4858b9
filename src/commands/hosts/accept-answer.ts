import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig, Host } from '../../config/fleet-config.ts';
import { acceptHost } from '../../config/host-edits.ts';
import { namedHost } from '../../config/named-host.ts';
import { CommandError, RejectedError } from '../../core/errors.ts';
import type { Presence } from '../../core/presence.ts';
import { awaitHello } from '../../fleet/await-hello.ts';
import { admitToBroker } from '../../fleet/admit-to-broker.ts';
import { recordHost } from '../../fleet/record-host.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import { waitingLine } from '../../terminal/waiting-line.ts';
import { MAX_ANSWER_BYTES, readJoinAnswer, type JoinAnswer } from '../../trust/join-answer.ts';
import type { Cli } from '../context.ts';
import { celerootFor, editFleet, shownPath } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig, openBroker } from '../open-fleet.ts';

/**
 * Records what the machine said of itself, lets it into Redis, and waits until its worker has said hello.
 * @throws CommandError JOIN_UNFINISHED, HOST_SILENT; RejectedError JOIN_ANSWER_INVALID, KEY_EXISTS, HOST_TWICE.
 */
export async function acceptAnswer(
  cli: Cli,
  command: CommandUnknownOpts,
  { name, replace }: { readonly name: string; readonly replace: boolean },
): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const told = namedHost(fleet, name);
  const answer = await requireAnswer(await cli.readStdin(MAX_ANSWER_BYTES), fleet, told);
  await finish(cli, command, await recordAnswer(cli, command, { fleet, answer, replace }));
}

export type AnswerToRecord = {
  readonly fleet: FleetConfig;
  readonly answer: JoinAnswer;
  readonly replace: boolean;
};

/** @throws RejectedError KEY_EXISTS, HOST_TWICE; nothing is changed then. */
export async function recordAnswer(
  cli: Cli,
  command: CommandUnknownOpts,
  { fleet, answer, replace }: AnswerToRecord,
): Promise<Accepted> {
  const { host: name, brokerPassword, machine } = answer;
  const told = namedHost(fleet, name);
  const key = keyToRecord(answer, told);
  const accepted = { key, brokerPassword, machine, replace };
  acceptHost(fleet, name, accepted);
  const isNew =
    told.key !== key || told.brokerPassword !== brokerPassword || told.machine !== (machine === '' ? null : machine);
  if (isNew) {
    const what = told.key === null || told.key === key ? 'accepted' : 'replaced';
    await recordHost(fleet, { host: name, what, detail: key, clock: cli.clock });
  }
  const { after } = await editFleet(cli, command, (config) => acceptHost(config, name, accepted));
  const host = namedHost(after, name);
  if (isNew && !sharedFlags(command).json) {
    cli.stdout.write(`recorded ${name} in ${shownPath(cli, after.file)}: its key is ${host.key ?? ''}\n`);
  }
  warnOfClones(cli, after, host);
  return { config: after, host, isNew, since: isNew ? answer.at : 0 };
}

/** Lets a recorded host into Redis, in case that failed, and waits for it. */
export async function waitAgain(cli: Cli, command: CommandUnknownOpts, name: string): Promise<void> {
  const config = await loadFleetConfig(cli, command);
  const host = namedHost(config, name);
  if (host.key === null) {
    throw new RejectedError('JOIN_UNFINISHED', `${name} has not joined: no key of it is in ${config.file}`, {
      hint: `see the line to type:  celeroot hosts show ${name}`,
    });
  }
  await finish(cli, command, { config, host, isNew: true, since: 0 });
}

/** A host whose key is being rotated has the recorded one or the outgoing one. */
function keyToRecord({ key }: JoinAnswer, told: Host): string {
  return told.key !== null && key === told.outgoingKey ? told.key : key;
}

/** @throws CommandError JOIN_UNFINISHED, RejectedError JOIN_ANSWER_INVALID. */
export async function requireAnswer(text: string, { fleet }: FleetConfig, host: Host): Promise<JoinAnswer> {
  if (text.trim() === '') {
    throw new CommandError('JOIN_UNFINISHED', `no answer came from ${host.name}: the script there did not finish`, {
      hint: 'see above what ssh and the script say',
    });
  }
  const answer = await readJoinAnswer(text);
  if (answer?.fleet === fleet && answer.host === host.name) return answer;
  const what =
    answer === null
      ? `what came is no answer of a host: ${JSON.stringify(text.slice(0, 100))}`
      : `the answer is that of ${answer.host} in the fleet ${answer.fleet}, not of ${host.name} in ${fleet}`;
  throw new RejectedError('JOIN_ANSWER_INVALID', what, {
    hint: `one line is expected, which the script of  celeroot hosts join ${host.name}  prints on the machine`,
  });
}

/** Copies of one disk share what tells machines apart; while they have keys of their own that is only unwise. */
function warnOfClones(cli: Cli, { hosts }: FleetConfig, { name, machine }: Host): void {
  if (machine === null) return;
  const others = [...hosts.values()].filter((each) => each.name !== name && each.machine === machine);
  if (others.length === 0) return;
  const names = others.map((other) => other.name).join(', ');
  writeWarning(
    cli.stderr,
    `${name} has the machine-id of ${names}: they are copies of one disk`,
    `on ${name}:  rm /etc/machine-id && systemd-machine-id-setup  and then join it again with --replace`,
  );
}

export type Accepted = {
  readonly config: FleetConfig;
  readonly host: Host;
  /** Whether anything was not recorded yet. */
  readonly isNew: boolean;
  readonly since: number;
};

const WAIT_MS = 60_000;

/** Lets the host into Redis, and waits for its first hello. */
export async function finish(
  cli: Cli,
  command: CommandUnknownOpts,
  { config, host, isNew, since }: Accepted,
): Promise<void> {
  const { json } = sharedFlags(command);
  await using broker = await openBroker(cli, config);
  for (const line of await admitToBroker(broker, config, host)) writeWarning(cli.stderr, line);
  const wait = waitingLine(cli.stderr, `waiting for the first hello of ${host.name}`, json);
  const onWait = (ms: number): void => wait.tick(`${Math.round(ms / 1000)} s`);
  const hello = await awaitHello(broker, { config, host }, { since, waitMs: WAIT_MS, clock: cli.clock, onWait });
  wait.end();
  if (json) return writeJson(cli.stdout, { file: config.file, host, joined: hello, changed: isNew });
  cli.stdout.write(joinedText(host, hello, isNew));
  const celeroot = celerootFor(command);
  cli.stdout.write(
    `Next:\n  ${celeroot} hosts ${host.name}\n  ${celeroot} apt upgrade --host ${host.name} --dry-run\n`,
  );
}

function joinedText({ name, roles }: Host, { version }: Presence, isNew: boolean): string {
  const what = isNew ? 'joined' : 'has joined already, and is there';
  return `${name} ${what}: celeroot ${version} (roles: ${roles.join(', ')})\n`;
}
