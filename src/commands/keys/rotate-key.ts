import { rename } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import type { FleetConfig } from '../../config/fleet-config.ts';
import { ConfigError } from '../../core/errors.ts';
import { changeTrustFile } from '../../fleet/change-trust-file.ts';
import { readTrustFile, type SignedTrust } from '../../fleet/trust-on-disk.ts';
import { withNewKey } from '../../fleet/with-new-key.ts';
import { replaceGrant, replaceRoot } from '../../trust/change-trust.ts';
import { readSigningKey } from '../../trust/key-file.ts';
import { makeSigningKey, type SigningKey } from '../../trust/key.ts';
import type { Cli } from '../context.ts';

export type Rotated = {
  readonly key: string;
  readonly file: string;
  /** Where the old private key is now. */
  readonly old: string;
  readonly signed: SignedTrust;
};

/**
 * Replaces the key that this controller signs orders with.
 * @throws ConfigError KEY_UNUSABLE when the private key here is another than the one of that name: its owner has to
 * rotate it.
 */
export async function rotateOperatorKey(fleet: FleetConfig, name: string, clock: Clock): Promise<Rotated> {
  const { trust } = await readTrustFile(fleet, clock.now());
  const current = await readSigningKey(fleet.signingKeyFile);
  const grant = trust.grants.find((each) => each.name === name);
  if (grant !== undefined && grant.key !== current.id) {
    throw new ConfigError('KEY_UNUSABLE', `the key in ${fleet.signingKeyFile} is not the one of ${name}`, {
      hint: `its owner makes a new one; then  celeroot keys revoke ${name}  and  celeroot keys add NAME --public KEY`,
    });
  }
  const next = makeSigningKey();
  return await replace(fleet.signingKeyFile, next, async () => {
    return await changeTrustFile(fleet, {
      clock,
      change: (before, _root, now) => replaceGrant(before, name, { key: next.id, now }),
    });
  });
}

/**
 * Replaces the root key: the next trust file is signed by both, so hosts that know the old one follow, and the
 * configuration names the new one for hosts to come.
 */
export async function rotateRootKey(fleet: FleetConfig, { clock, env }: Pick<Cli, 'clock' | 'env'>): Promise<Rotated> {
  const { editText } = await import('../../config/edit.ts');
  const { changeConfig } = await import('../../config/write-config.ts');
  const next = makeSigningKey();
  let old = '';
  const rotated = await replace(fleet.rootKeyFile, next, async () => {
    return await changeTrustFile(fleet, {
      clock,
      alsoSignedBy: [next],
      change: (before, root, now) => {
        old = root.id;
        return replaceRoot(before, { old, key: next.id, now });
      },
    });
  });
  await changeConfig(fleet.file, env, (text, config) => {
    const items = config.roots.map((root) => (root === old ? next.id : root));
    return editText(text, [{ kind: 'set-list', path: ['roots'], items }]);
  });
  return rotated;
}

/** The new key is on disk before anything names it, and takes the old one's place when it is in force. */
async function replace(file: string, next: SigningKey, sign: () => Promise<SignedTrust>): Promise<Rotated> {
  const waiting = `${file}.new`;
  const signed = await withNewKey(waiting, next, sign);
  const old = `${file}.version-${signed.trust.version - 1}`;
  await rename(file, old);
  await rename(waiting, file);
  return { key: next.id, file, old, signed };
}
