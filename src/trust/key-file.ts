import { constants } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { ConfigError, messageOf } from '../core/errors.ts';
import { hasCode } from '../core/system-error.ts';
import { formatPrivateKey, parsePrivateKey, type SigningKey } from './key.ts';

const MAX_BYTES = 16 * 1024;
const GROUP_AND_OTHERS = 0o077;

/**
 * Reads a private key; `namedBy` is what names its file.
 * @throws ConfigError KEY_UNUSABLE when it is missing, no regular file, open to others, somebody else's, or no
 * Ed25519 key.
 */
export async function readSigningKey(file: string, namedBy = '`signing_key:` in celeroot.yaml'): Promise<SigningKey> {
  await using handle = await openKeyFile(file, namedBy);
  await checkAccess(handle, file);
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(MAX_BYTES), position: 0 });
  const key = parsePrivateKey(buffer.toString('latin1', 0, bytesRead));
  if (key === null) {
    throw unusable(
      `${file} holds no Ed25519 private key`,
      'put back the key that `celeroot init` or `celeroot keys add` wrote',
    );
  }
  return key;
}

/**
 * Writes a new private key that only its owner can read, durably.
 * @throws ConfigError CONFIG_EXISTS when the file is there already: a key is never overwritten.
 */
export async function writeSigningKey(file: string, key: SigningKey): Promise<void> {
  const handle = await createKeyFile(file);
  try {
    await handle.writeFile(formatPrivateKey(key));
    await handle.sync();
  } catch (error) {
    await unlink(file);
    throw unusable(`cannot write ${file}: ${messageOf(error)}`, 'free some space and try again');
  } finally {
    await handle.close();
  }
}

/** Without O_NONBLOCK a named pipe in the key's place would hold the program for ever. */
async function openKeyFile(file: string, namedBy: string): Promise<FileHandle> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const hint = hasCode(error, 'ENOENT')
      ? `run the command where the key is, or name it with ${namedBy}`
      : `as its owner: chmod 600 ${file}`;
    throw unusable(`cannot read the private key ${file}: ${messageOf(error)}`, hint);
  }
}

async function checkAccess(handle: FileHandle, file: string): Promise<void> {
  const { mode, uid, ...stats } = await handle.stat();
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
    throw unusable(`the private key ${file} is not a regular file`, 'name the key file itself');
  }
  if ((mode & GROUP_AND_OTHERS) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, '0');
    throw unusable(`the private key ${file} is open to other users (mode ${shown})`, `chmod 600 ${file}`);
  }
  const me = process.getuid?.() ?? uid;
  if (uid !== 0 && uid !== me) {
    throw unusable(`the private key ${file} belongs to user ${uid}, not to you`, `chown ${me} ${file}`);
  }
  if (stats.size > MAX_BYTES) {
    throw unusable(
      `${file} is no private key: it has ${stats.size} bytes`,
      'put back the key that `celeroot init` or `celeroot keys add` wrote',
    );
  }
}

async function createKeyFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw unusable(`cannot write ${file}: ${messageOf(error)}`, 'choose another folder');
    throw new ConfigError('CONFIG_EXISTS', `${file} is already there`, {
      hint: 'keep it, or move it away first: hosts obey only the key they were given',
      cause: error,
    });
  }
}

function unusable(message: string, hint: string): ConfigError {
  return new ConfigError('KEY_UNUSABLE', message, { hint });
}
