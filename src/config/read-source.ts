import { ConfigError } from '../core/errors.ts';
import { quoteWord } from '../core/quote-word.ts';
import { systemCode } from '../core/system-error.ts';
import { readBytes } from './read-bytes.ts';

/** A configuration file as it was read. */
export type ConfigSource = {
  /** As the user named it; for messages. */
  readonly file: string;
  readonly text: string;
};

const LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * Reads a configuration file as UTF-8. A byte order mark stays in the text, so that an edit writes it back.
 * @throws ConfigError CONFIG_NOT_FOUND or CONFIG_UNREADABLE, with the reason.
 */
export function readSource(file: string): ConfigSource {
  const bytes = bytesOf(file);
  try {
    return { file, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (cause) {
    throw unreadable(file, `is not UTF-8 text, from byte ${firstBadByte(bytes)} on`, {
      cause,
      hint: `find the bytes with: grep -naxv '.*' ${quoteWord(file)}`,
    });
  }
}

function bytesOf(file: string): Buffer {
  const read = readOrFail(file);
  if (Buffer.isBuffer(read)) return read;
  throw unreadable(file, read.reason, { hint: read.hint });
}

function readOrFail(file: string): ReturnType<typeof readBytes> {
  try {
    return readBytes(file, LIMIT_BYTES);
  } catch (cause) {
    throw systemError(file, cause);
  }
}

function systemError(file: string, cause: unknown): ConfigError {
  const code = systemCode(cause) ?? 'unknown error';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new ConfigError('CONFIG_NOT_FOUND', `${file} does not exist`, {
      hint: 'name another with --config FILE, or make one with: celeroot init',
      cause,
    });
  }
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'may not be read by this user',
    EPERM: 'may not be read by this user',
    ELOOP: 'is a symbolic link that leads in a circle',
  };
  return unreadable(file, reasons[code] ?? `cannot be read (${code})`, {
    cause,
    hint: `look with: ls -ld ${quoteWord(file)}`,
  });
}

function unreadable(file: string, reason: string, options: { hint: string; cause?: unknown }): ConfigError {
  return new ConfigError('CONFIG_UNREADABLE', `${file} ${reason}`, options);
}

/** Bytes up to the first that breaks UTF-8: each prefix that still decodes is good, so bisect. */
function firstBadByte(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

/** With `stream`, a character cut off at the end is no fault. */
function decodes(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
