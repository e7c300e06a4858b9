import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { digestOf, emptyChain, nextLine, parseLink } from '../audit/chain.ts';
import type { ChainHead } from '../core/chain-head.ts';
import { syncFolder } from './durable-file.ts';

export type ChainEntry<Event> = { readonly at: number; readonly event: Event };

/** A chain (audit/chain.ts) in a file of its owner alone, for one writer at a time. */
export type ChainFile<Event> = AsyncDisposable & {
  /** What its first line names as the one before it. */
  readonly id: () => string;
  /** Of what has reached the disk. */
  readonly head: () => ChainHead;
  /**
   * Adds a line; resolves with its head when it would be there after a power cut. Lines that are added meanwhile go to
   * the disk together. When it cannot be written nothing of it stays.
   */
  readonly append: (entry: ChainEntry<Event>) => Promise<ChainHead>;
};

/** What was found when a chain was opened. */
export type FoundChain = {
  readonly isNew: boolean;
  /** Bytes of a last line without an end, which the machine did not come to write; they are taken away. */
  readonly tornBytes: number;
  /** The number of the last line when it is none of a chain; 0 when it is. */
  readonly damagedLine: number;
};

/** What whoever opens a chain writes down first of the state that it was found in. */
export function repairEvents({ tornBytes, damagedLine }: FoundChain): readonly RepairEvent[] {
  return [
    ...(tornBytes > 0 ? [{ kind: 'line-repaired', bytes: tornBytes } as const] : []),
    ...(damagedLine > 0 ? [{ kind: 'damage-found', line: damagedLine } as const] : []),
  ];
}

type RepairEvent =
  | { readonly kind: 'line-repaired'; readonly bytes: number }
  | { readonly kind: 'damage-found'; readonly line: number };

/** Opens a chain, or begins one whose id is 32 bytes of chance. */
export async function openChainFile<Event>(
  path: string,
): Promise<{ readonly file: ChainFile<Event>; readonly found: FoundChain }> {
  await using opening = new AsyncDisposableStack();
  const handle = opening.use(await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600));
  const { size } = await handle.stat();
  if (size === 0) await syncFolder(dirname(path));
  const tail = await readTail(handle, size);
  if (tail.length < size) await handle.truncate(tail.length);
  const damagedLine = tail.isDamaged ? tail.head.size : 0;
  const found = { isNew: tail.length === 0, tornBytes: size - tail.length, damagedLine };
  opening.move();
  return { file: appender(handle, tail), found };
}

type Tail = {
  readonly id: string;
  readonly head: ChainHead;
  /** Up to the end of the last whole line, in bytes. */
  readonly length: number;
  readonly isDamaged: boolean;
};

const NEWLINE = 0x0a;
const CHUNK_BYTES = 64 * 1024;

async function readTail(handle: FileHandle, size: number): Promise<Tail> {
  const last = await lastWholeLine(handle, size);
  if (last === null) {
    const id = randomBytes(32).toString('hex');
    return { id, head: emptyChain(id), length: 0, isDamaged: false };
  }
  const link = parseLink(last.line.toString('utf8'));
  const lines = link?.seq ?? (await countLines(handle, last.length));
  const head = { size: lines, head: digestOf(last.line) };
  return { id: await readId(handle), head, length: last.length, isDamaged: link === null };
}

/** Reads backwards from the end, so that a chain of years is opened as fast as one of a day. */
async function lastWholeLine(
  handle: FileHandle,
  size: number,
): Promise<{ readonly line: Buffer; readonly length: number } | null> {
  let bytes = Buffer.alloc(0);
  for (let start = size; start > 0;) {
    const from = Math.max(0, start - CHUNK_BYTES);
    const { buffer } = await handle.read({ buffer: Buffer.alloc(start - from), position: from });
    bytes = Buffer.concat([buffer, bytes]);
    start = from;
    const end = bytes.lastIndexOf(NEWLINE);
    if (end < 0) continue;
    const before = bytes.subarray(0, end).lastIndexOf(NEWLINE);
    if (before >= 0 || start === 0) return { line: bytes.subarray(before + 1, end), length: start + end + 1 };
  }
  return null;
}

/** Where the first line was changed, its digest serves: any id will do that is another than before. */
async function readId(handle: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(200), position: 0 });
  const start = buffer.subarray(0, bytesRead);
  return /^\{"seq":1,"at":\d+,"prev":"([0-9a-f]{64})"/.exec(start.toString('latin1'))?.[1] ?? digestOf(start);
}

async function countLines(handle: FileHandle, length: number): Promise<number> {
  let lines = 0;
  for (let position = 0; position < length; position += CHUNK_BYTES) {
    const size = Math.min(CHUNK_BYTES, length - position);
    const { buffer } = await handle.read({ buffer: Buffer.alloc(size), position });
    lines += buffer.filter((byte) => byte === NEWLINE).length;
  }
  return lines;
}

type Waiting<Event> = {
  readonly entry: ChainEntry<Event>;
  readonly resolve: (head: ChainHead) => void;
  readonly reject: (reason: unknown) => void;
};

function appender<Event>(handle: FileHandle, tail: Tail): ChainFile<Event> {
  let { head, length } = tail;
  let waiting: Waiting<Event>[] = [];
  let writing: Promise<void> | null = null;

  /** What a write that failed has left behind goes first, also when that could not be taken away at once. */
  const store = async (text: string): Promise<void> => {
    if ((await handle.stat()).size > length) await handle.truncate(length);
    try {
      await handle.appendFile(text);
      await handle.datasync();
    } catch (error) {
      await handle.truncate(length).catch(() => undefined);
      throw error;
    }
    length += Buffer.byteLength(text);
  };
  const writeBatch = async (batch: readonly Waiting<Event>[]): Promise<void> => {
    const heads: ChainHead[] = [];
    let text = '';
    let reached = head;
    for (const { entry } of batch) {
      const next = nextLine(reached, entry);
      text += `${next.line}\n`;
      reached = next.head;
      heads.push(reached);
    }
    try {
      await store(text);
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    head = reached;
    for (const [index, { resolve }] of batch.entries()) resolve(heads[index] ?? reached);
  };
  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await writeBatch(batch);
    }
    writing = null;
  };
  return {
    id: () => tail.id,
    head: () => head,
    append: async (entry) => {
      const { promise, resolve, reject } = Promise.withResolvers<ChainHead>();
      waiting.push({ entry, resolve, reject });
      writing ??= writeAll();
      return await promise;
    },
    [Symbol.asyncDispose]: async () => {
      await writing;
      await handle.close();
    },
  };
}
