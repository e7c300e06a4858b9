import { readIfThere } from '../host/read-if-there.ts';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { jobIdSchema, type JobId } from '../core/ids.ts';
import { writeDurably } from '../host/durable-file.ts';

/** What is kept of an order when everything else about its job is gone. Times in milliseconds since 1970. */
export type SeenOrder = { readonly id: JobId; readonly issuedAt: number; readonly expiresAt: number };

/** How long an id is kept after its order expired: long enough for a host whose clock was set back meanwhile. */
const KEEP_MS = 7 * 24 * 3_600_000;

/**
 * The orders this host is through with, in an append-only file of a line each: carried out, refused or expired, they
 * are never carried out again.
 */
export type SeenOrders = AsyncDisposable & {
  readonly find: (id: JobId) => SeenOrder | null;
  /** When the newest order was issued, by its signer's clock; 0 when there was none. */
  readonly newestIssue: () => number;
  /** Resolves when the order would be remembered after a power cut. */
  readonly add: (order: SeenOrder) => Promise<void>;
  /** Forgets what expired long ago; the file grows until the next start. */
  readonly forgetOld: (now: number) => void;
};

/** Reads what was seen and writes it anew without what expired long ago; a line cut off by a crash goes too. */
export async function openSeenOrders(stateDir: string, now: number): Promise<SeenOrders> {
  const path = join(stateDir, 'seen');
  const known = await readOrders(path);
  let newest = known.reduce((latest, order) => Math.max(latest, order.issuedAt), 0);
  // The newest stays whatever its age: it says how far the time has come.
  const kept = known.filter((order) => !isOld(order, now) || order.issuedAt === newest);
  await writeDurably(path, kept.map(lineOf).join(''));
  const orders = new Map(kept.map((order) => [order.id, order]));
  const file = await open(path, 'a');
  return {
    find: (id) => orders.get(id) ?? null,
    newestIssue: () => newest,
    add: async (order) => {
      if (orders.has(order.id)) return;
      orders.set(order.id, order);
      newest = Math.max(newest, order.issuedAt);
      await file.appendFile(lineOf(order));
      await file.datasync();
    },
    forgetOld: (later) => {
      for (const [id, order] of orders) if (isOld(order, later)) orders.delete(id);
    },
    [Symbol.asyncDispose]: async () => await file.close(),
  };
}

function isOld({ expiresAt }: SeenOrder, now: number): boolean {
  return expiresAt + KEEP_MS <= now;
}

async function readOrders(path: string): Promise<readonly SeenOrder[]> {
  const text = (await readIfThere(path)) ?? '';
  return text.split('\n').flatMap(parseLine);
}

const LINE = /^(\d{1,16}) (\d{1,16}) (\S+)$/;

function parseLine(line: string): readonly SeenOrder[] {
  const [, issuedAt, expiresAt, id] = LINE.exec(line) ?? [];
  const parsed = jobIdSchema.safeParse(id);
  return parsed.success ? [{ id: parsed.data, issuedAt: Number(issuedAt), expiresAt: Number(expiresAt) }] : [];
}

function lineOf({ id, issuedAt, expiresAt }: SeenOrder): string {
  return `${issuedAt} ${expiresAt} ${id}\n`;
}
