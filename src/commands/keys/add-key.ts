import type { FleetConfig } from '../../config/fleet-config.ts';
import type { Clock } from '../../core/clock.ts';
import { UsageError } from '../../core/errors.ts';
import { changeTrustFile } from '../../fleet/change-trust-file.ts';
import type { SignedTrust } from '../../fleet/trust-on-disk.ts';
import { withNewKey } from '../../fleet/with-new-key.ts';
import { addGrant, NO_END } from '../../trust/change-trust.ts';
import { makeSigningKey, parsePublicKey } from '../../trust/key.ts';
import { grantSchema, type Grant, type KeyKind } from '../../trust/trust-file.ts';

export type NewKey = {
  readonly name: string;
  readonly kind: KeyKind;
  /** A key that is there, or the file for one to be made. Exactly one. */
  readonly source: { readonly publicKey: string | null; readonly file: string | null };
  readonly tasks: readonly string[];
  readonly hosts: readonly string[];
  /** Null for no end. */
  readonly validForMs: number | null;
  readonly clock: Clock;
};

/** Puts a key into the trust file, and writes its private half when it is a new one. */
export async function addKey(
  fleet: FleetConfig,
  wanted: NewKey,
): Promise<{ readonly key: string; readonly signed: SignedTrust }> {
  const { publicKey, file } = wanted.source;
  if ((publicKey === null) === (file === null)) {
    throw new UsageError('USAGE', 'give either --public KEY or --out FILE', { hint: 'see  celeroot keys add --help' });
  }
  const pair = makeSigningKey();
  const key = publicKey ?? pair.id;
  const grant = checkedGrant(wanted, key);
  const sign = async (): Promise<SignedTrust> =>
    await changeTrustFile(fleet, { clock: wanted.clock, change: (trust, _root, now) => addGrant(trust, grant, now) });
  return { key, signed: file === null ? await sign() : await withNewKey(file, pair, sign) };
}

function checkedGrant({ name, kind, tasks, hosts, validForMs, clock }: NewKey, key: string): Grant {
  if (parsePublicKey(key) === null) {
    throw new UsageError('USAGE', `--public: ${JSON.stringify(key)} is no Ed25519 public key`, {
      hint: 'expected ed25519: and 44 characters of base64, as celeroot keys ls prints',
    });
  }
  const notAfter = validForMs === null ? NO_END : clock.now() + validForMs;
  const parsed = grantSchema.safeParse({
    name,
    key,
    // Left out, so that what has no other kinds is read by celeroots that know none.
    ...(kind === 'operator' ? {} : { kind }),
    tasks,
    hosts,
    notBefore: 0,
    notAfter,
    revokedAt: null,
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError('USAGE', `${issue?.path.join('/') ?? 'key'}: ${issue?.message ?? 'is not allowed'}`, {
    hint: 'see  celeroot keys add --help',
  });
}
