import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeSigningKey } from '../../src/trust/key.ts';
import { runCli } from '../support/cli.ts';

const CONFIG = `version: 1
fleet: lab
roots: ["${makeSigningKey().id}"]
broker: { url: "redis://127.0.0.1:1" }
roles: { web: {} }
hosts: { web1: { roles: [web] } }
`;

describe('celeroot worker ends with one error, before it needs Redis, when', () => {
  const cases: readonly (readonly [when: string, args: readonly string[], code: number, error: RegExp])[] = [
    [
      'the host is not in the fleet',
      ['--host', 'web2'],
      5,
      /^error\[UNKNOWN_HOST\]: there is no host web2\nhint: .*web1/,
    ],
    ['the host has no name a host can have', ['--host', '../x'], 5, /^error\[UNKNOWN_HOST\]/],
    ['it is not said which host of the fleet this is', [], 2, /^error\[USAGE\]: .*\nhint: .*--host NAME/],
    [
      'its state folder cannot be made',
      ['--host', 'web1'],
      3,
      /^error\[STATE_UNUSABLE\]: .*\nhint: .*CELEROOT_STATE_DIR/,
    ],
    [
      'an option is unknown',
      ['--hots', 'web1'],
      2,
      /^error\[USAGE\]: unknown option '--hots'\nhint: did you mean --host\?/,
    ],
  ];
  for (const [when, args, code, error] of cases) {
    test(when, async () => {
      await using dir = await mkdtempDisposable(join(tmpdir(), 'celeroot-cli-'));
      const file = join(dir.path, 'celeroot.yaml');
      await writeFile(file, CONFIG);

      const result = await runCli(['worker', file, ...args], { stateDir: join(file, 'state') });

      assert.match(result.stderr, error);
      assert.deepEqual([result.code, result.stdout], [code, '']);
      assert.equal(result.stderr.trim().split('\n').length, 2);
    });
  }
});
