import * as z from 'zod';
import { fleetNameSchema, hostNameSchema, type FleetName, type HostName } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import type { Signed } from '../core/signed.ts';
import type { SigningKey } from './key.ts';
import { signText, textHolds } from './signed-text.ts';

/** What a host says of itself, each with a type of its own, so that no statement can stand for another. */
const TYPES = {
  presence: 'application/vnd.celeroot.presence+json;v=1',
  facts: 'application/vnd.celeroot.facts+json;v=1',
  refusal: 'application/vnd.celeroot.refusal+json;v=1',
} as const;
export type StatementKind = keyof typeof TYPES;

/** The name is signed with what is said, so that it cannot be shown as what another host, or fleet, says. */
const statementSchema = z.strictObject({ fleet: fleetNameSchema, host: hostNameSchema, said: z.unknown() });
type Statement = Readonly<z.infer<typeof statementSchema>>;

/** Longer ones are not looked at. */
const MAX_LENGTH = 256 * 1024;

export function signStatement(kind: StatementKind, { fleet, host, said }: Statement, key: SigningKey): Signed {
  return signText(TYPES[kind], JSON.stringify({ fleet, host, said }), key);
}

export type ExpectedStatement<Schema extends z.ZodType> = {
  readonly fleet: FleetName;
  readonly host: HostName;
  /** The host's public key as recorded. */
  readonly key: string;
  readonly schema: Schema;
};

/** What the host said; null when it did not say that. Never throws. */
export async function readStatement<Schema extends z.ZodType>(
  kind: StatementKind,
  signed: Signed,
  { fleet, host, key, schema }: ExpectedStatement<Schema>,
): Promise<z.output<Schema> | null> {
  if (signed.text.length > MAX_LENGTH || !(await textHolds(TYPES[kind], signed, key))) return null;
  const statement = parseJsonAs(statementSchema, signed.text);
  if (statement === null || statement.fleet !== fleet || statement.host !== host) return null;
  return schema.safeParse(statement.said).data ?? null;
}
