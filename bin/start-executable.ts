import { getAssetKeys, getRawAsset } from 'node:sea';
import { Script } from 'node:vm';
import { VERSION } from '../src/core/version.ts';

/**
 * What the single executable starts with: the program and, where the executable was built on a machine of its own
 * architecture, what V8 compiled of it are assets inside it. Node can keep a code cache itself, but would read it for
 * `--version` too, and would warn each user whose processor or Node it did not fit; so it is only slower.
 */
if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write(`${VERSION}\n`);
else startProgram();

function startProgram(): void {
  const hasCodeCache = getAssetKeys().includes('code-cache');
  // The bundle is ASCII; so read, V8 keeps it as it is.
  const script = new Script(Buffer.from(getRawAsset('program')).toString('latin1'), {
    filename: 'celeroot.js',
    ...(hasCodeCache && { cachedData: Buffer.from(getRawAsset('code-cache')) }),
  });
  const main: unknown = script.runInThisContext();
  if (typeof main === 'function') main(exports, require, module, __filename, __dirname);
}
