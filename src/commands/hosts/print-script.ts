import { resolve } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FleetConfig, Host } from '../../config/fleet-config.ts';
import { namedHost } from '../../config/named-host.ts';
import { needsPassword, renderWorkerFile } from '../../config/worker-file.ts';
import { UsageError } from '../../core/errors.ts';
import { type HostName, hostNameSchema } from '../../core/names.ts';
import {
  architectureHere,
  findPackage,
  readPackage,
  type PackageArchitecture,
  type PackageFile,
} from '../../fleet/find-package.ts';
import { renderJoinScript, type JoinScript } from '../../fleet/join-script.ts';
import { joinLine, passwordStep, warnOfBroker } from '../../fleet/join-steps.ts';
import { requireReleased } from '../../fleet/release-files.ts';
import { readTrustFile } from '../../fleet/trust-on-disk.ts';
import { writeWarning } from '../../terminal/error.ts';
import { writeJson } from '../../terminal/json.ts';
import type { Trust } from '../../trust/trust-file.ts';
import type { Cli } from '../context.ts';
import { celerootFor } from '../edit-fleet.ts';
import { sharedFlags } from '../flags.ts';
import { loadFleetConfig } from '../open-fleet.ts';

export type JoinFlags = {
  readonly name: string;
  readonly package?: string | undefined;
  readonly release?: string | undefined;
  readonly arch?: PackageArchitecture | undefined;
  readonly withoutPackage?: boolean | undefined;
  readonly rename?: string | undefined;
  readonly newSecrets?: boolean | undefined;
  readonly sharedPassword?: boolean | undefined;
};

/** Prints the script that makes a machine this host, with the package in it where nobody reads it on a screen. */
export async function printScript(cli: Cli, command: CommandUnknownOpts, flags: JoinFlags): Promise<void> {
  const fleet = await loadFleetConfig(cli, command);
  const host = namedHost(fleet, flags.name);
  if (flags.sharedPassword === true) refuseSharing(fleet);
  const { trust } = await readTrustFile(fleet, cli.clock.now());
  const carried = await packageFor(cli, { fleet, trust }, flags);
  const script = scriptFor({ fleet, trust }, host, { ...flags, carried });
  const line = joinLine(host, celerootFor(command), typedFlags(flags));
  const warning = warnOfBroker(fleet);
  if (sharedFlags(command).json) {
    const { file, sha256 } = carried ?? { file: null, sha256: null };
    const { head, tail } = script;
    return writeJson(cli.stdout, {
      host: host.name,
      script: `${head}${tail}`,
      package: { file, sha256 },
      line,
      warning,
    });
  }
  if (warning !== null) writeWarning(cli.stderr, warning);
  if (cli.stdout.isTTY) {
    cli.stdout.write(`${script.head}${carried === null ? '' : PACKAGE_IS_LEFT_OUT}${script.tail}`);
    cli.stderr.write(
      `\nThis is the script that makes a machine the host ${host.name}. To run it there, type:\n  ${line}\n`,
    );
    return;
  }
  if (scriptNeedsPassword(fleet, flags)) {
    const { what, command: typed } = passwordStep(host);
    cli.stderr.write(`first, if that was not done: ${what}\n  ${typed}\n`);
  }
  cli.stdout.write(script.head);
  if (carried !== null) writeBase64(cli, carried.content);
  cli.stdout.write(script.tail);
}

/** @throws UsageError where the only login that could be shared is the controller's own. */
function refuseSharing({ broker }: FleetConfig): void {
  if (broker.listen === null) return;
  throw new UsageError('USAGE', 'hosts share no user of the embedded Redis: each has its own there', {
    hint: 'leave out --shared-password; the host that celeroot up runs on learns of changes by:  celeroot down ; celeroot up',
  });
}

type Trusted = { readonly fleet: FleetConfig; readonly trust: Trust };

async function packageFor(cli: Cli, { fleet, trust }: Trusted, flags: JoinFlags): Promise<PackageFile | null> {
  if (flags.withoutPackage === true) return null;
  const { cwd, self } = cli;
  const architecture = flags.arch ?? architectureHere();
  const found = flags.package ?? findPackage({ architecture, configFile: fleet.file, cwd, self });
  const carried = await readPackage(found, cwd);
  await requireReleased(carried, {
    trust,
    file: flags.release === undefined ? null : resolve(cwd, flags.release),
    now: cli.clock.now(),
  });
  return carried;
}

function scriptFor(
  { fleet, trust }: Trusted,
  host: Host,
  { carried, rename, newSecrets = false, sharedPassword = false }: JoinFlags & { readonly carried: PackageFile | null },
): JoinScript {
  return renderJoinScript({
    fleet: fleet.fleet,
    host: host.name,
    workerFile: renderWorkerFile(fleet, host, { leastTrust: trust.version, login: sharedPassword ? 'shared' : 'own' }),
    package: carried === null ? null : { sha256: carried.sha256, bytes: carried.content.length },
    renamedFrom: rename === undefined ? host.renamedFrom : oldName(rename),
    newSecrets,
    sharedPassword: sharedPassword && needsPassword(fleet.broker),
  });
}

const PACKAGE_IS_LEFT_OUT = '(The package stands here where standard output is no terminal.)\n';

function scriptNeedsPassword({ broker }: FleetConfig, { sharedPassword = false }: JoinFlags): boolean {
  return sharedPassword && needsPassword(broker);
}

function oldName(name: string): HostName {
  const parsed = hostNameSchema.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new UsageError('USAGE', `${JSON.stringify(name)} cannot be the name of a host`, {
    hint: 'the name that the machine had until now',
  });
}

/** The flags that the line to type must repeat. */
function typedFlags(flags: JoinFlags): readonly string[] {
  return [
    ...(flags.package === undefined ? [] : ['--package', flags.package]),
    ...(flags.release === undefined ? [] : ['--release', flags.release]),
    ...(flags.arch === undefined ? [] : ['--arch', flags.arch]),
    ...(flags.withoutPackage === true ? ['--without-package'] : []),
    ...(flags.rename === undefined ? [] : ['--rename', flags.rename]),
    ...(flags.newSecrets === true ? ['--new-secrets'] : []),
    ...(flags.sharedPassword === true ? ['--shared-password'] : []),
  ];
}

/** Bytes that are whole lines of 76 characters of base64, and enough of them for one write. */
const PIECE_BYTES = 57 * 4096;

function writeBase64(cli: Cli, content: Buffer): void {
  for (let start = 0; start < content.length && !cli.stdoutClosed.aborted; start += PIECE_BYTES) {
    const text = content.toString('base64', start, Math.min(start + PIECE_BYTES, content.length));
    cli.writeBytes(Buffer.from(text.replaceAll(/.{1,76}/g, '$&\n'), 'latin1'));
  }
}
