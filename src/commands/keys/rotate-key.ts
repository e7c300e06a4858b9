import { rename, unlink } from 'node:fs/promises';
import type { FleetConfig } from '../../config/fleet-config.ts';
import type { Clock } from '../../core/clock.ts';
import { ConfigError, UsageError } from '../../core/errors.ts';
import { hasCode } from '../../core/system-error.ts';
import { changeTrustFile } from '../../fleet/change-trust-file.ts';
import { holdNextKey, nextKeyFile } from '../../fleet/next-key.ts';
import { readTrustFile, type SignedTrust } from '../../fleet/trust-on-disk.ts';
import { replaceGrant, replaceRoot } from '../../trust/change-trust.ts';
import { readSigningKey } from '../../trust/key-file.ts';
import type { SigningKey } from '../../trust/key.ts';
import { kindOf, type Grant, type KeyKind, type Trust } from '../../trust/trust-file.ts';
import type { Cli } from '../context.ts';

export type Rotated = {
  readonly key: string;
  readonly file: string;
  /** Where the old private key is now. */
  readonly old: string;
  readonly signed: SignedTrust;
};

export type NamedKey = {
  readonly name: string;
  /** Its private half; null for where the configuration says that one of its kind is. */
  readonly file: string | null;
};

/**
 * Replaces a key of the trust file by another of the same kind, for the same tasks and hosts.
 * @throws ConfigError KEY_UNUSABLE when the private key in the file is another than the one of that name: its owner has
 * to rotate it. UsageError when nothing says where the private half is.
 */
export async function rotateNamedKey(fleet: FleetConfig, { name, file }: NamedKey, clock: Clock): Promise<Rotated> {
  // Read again where it counts, since another rotation may be under way.
  const grantNow = async (): Promise<Grant | undefined> =>
    (await readTrustFile(fleet, clock.now())).trust.grants.find((each) => each.name === name);
  const grant = await grantNow();
  const privateFile = file ?? configuredFile(fleet, grant === undefined ? 'operator' : kindOf(grant));
  return await replaceKey(privateFile, {
    trust: async () => await readTrustFile(fleet, clock.now()),
    isIn: ({ grants }, key) => grants.some((each) => each.name === name && each.key === key),
    enforce: async (next) => {
      await requireOwner(await grantNow(), privateFile);
      return await changeTrustFile(fleet, {
        clock,
        change: (before, _root, now) => replaceGrant(before, name, { key: next.id, now }),
      });
    },
  });
}

function configuredFile({ signingKeyFile, schedulerKeyFile }: FleetConfig, kind: KeyKind): string {
  const file = { operator: signingKeyFile, scheduler: schedulerKeyFile, release: null }[kind];
  if (file !== null) return file;
  throw new UsageError('USAGE', `the configuration does not say where the private half of a ${kind} key is`, {
    hint: 'name it:  --key FILE',
  });
}

async function requireOwner(grant: Grant | undefined, file: string): Promise<void> {
  if (grant === undefined || (await readSigningKey(file)).id === grant.key) return;
  throw new ConfigError('KEY_UNUSABLE', `the key in ${file} is not the one of ${grant.name}`, {
    hint: `its owner makes a new one; then  celeroot keys revoke ${grant.name}  and  celeroot keys add NAME --public KEY`,
  });
}

/**
 * Replaces the root key: the next trust file is signed by both, so hosts that know the old one follow, and the
 * configuration names the new one for hosts to come.
 */
export async function rotateRootKey(fleet: FleetConfig, { clock, env }: Pick<Cli, 'clock' | 'env'>): Promise<Rotated> {
  const { editText } = await import('../../config/edit.ts');
  const { changeConfig } = await import('../../config/write-config.ts');
  return await replaceKey(fleet.rootKeyFile, {
    trust: async () => await readTrustFile(fleet, clock.now()),
    isIn: ({ roots }, key) => roots.includes(key),
    enforce: async (next) =>
      await changeTrustFile(fleet, {
        clock,
        alsoSignedBy: [next],
        change: (before, root, now) => replaceRoot(before, { old: root.id, key: next.id, now }),
      }),
    afterwards: async ({ trust }) => {
      await changeConfig(fleet.file, env, (text) =>
        editText(text, [{ kind: 'set-list', path: ['roots'], items: trust.roots }]),
      );
    },
  });
}

type Replacement = {
  readonly trust: () => Promise<SignedTrust>;
  /** Whether a trust file names the key in the place of the old one. */
  readonly isIn: (trust: Trust, key: string) => boolean;
  /** Puts the new key into the trust file. */
  readonly enforce: (next: SigningKey) => Promise<SignedTrust>;
  /** What else has to know, once the trust file does; may be done again. */
  readonly afterwards?: (signed: SignedTrust) => Promise<void>;
};

/**
 * The new key is on disk before anything names it, and takes the old one's place when all that names it does. Whatever
 * interrupts that, the same again goes on from there, and no key that the trust file names is ever lost.
 */
async function replaceKey(file: string, { trust, isIn, enforce, afterwards }: Replacement): Promise<Rotated> {
  await using held = await holdNextKey(file);
  const [next, waiting] = [held.key, nextKeyFile(file)];
  let signed = await trust();
  if (!isIn(signed.trust, next.id)) {
    try {
      requireUnused(signed.trust, next.id, waiting);
      signed = await enforce(next);
    } catch (error) {
      if (!isNamed((await trust()).trust, next.id)) await unlink(waiting);
      throw error;
    }
  }
  await afterwards?.(signed);
  const old = `${file}.version-${signed.trust.version - 1}`;
  await rename(file, old).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
  await rename(waiting, file);
  return { key: next.id, file, old, signed };
}

/** @throws ConfigError KEY_UNUSABLE where the rotation of another key was interrupted. */
function requireUnused(trust: Trust, key: string, waiting: string): void {
  if (!isNamed(trust, key)) return;
  const grant = trust.grants.find((each) => each.key === key);
  throw new ConfigError('KEY_UNUSABLE', `${waiting} was left by the rotation of another key`, {
    hint: `finish that first:  celeroot keys rotate ${grant?.name ?? '--root'}`,
  });
}

function isNamed({ grants, roots }: Trust, key: string): boolean {
  return roots.includes(key) || grants.some((grant) => grant.key === key);
}
