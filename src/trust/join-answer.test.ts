import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { readJoinAnswer, signJoinAnswer } from './join-answer.ts';
import { makeSigningKey } from './key.ts';
import { signText } from './signed-text.ts';

const answer = {
  fleet: fleetNameSchema.parse('test'),
  host: hostNameSchema.parse('web1'),
  machine: 'a'.repeat(32),
  brokerPassword: `sha256:${'0'.repeat(64)}`,
  version: '1.2.3',
  at: 1000,
};

test('a join answer is one line, and says what was signed', async () => {
  const key = makeSigningKey();
  const line = signJoinAnswer(answer, key);

  assert.ok(!line.includes('\n'));
  assert.deepEqual(await readJoinAnswer(`${line}\n`), { ...answer, key: key.id });
});

test('what is changed, signed as something else, by another key, or not one line is no answer', async () => {
  const [key, other] = [makeSigningKey(), makeSigningKey()];
  const line = signJoinAnswer(answer, key);
  const text = JSON.stringify({ ...answer, key: key.id });
  const wrong = [
    '',
    '{}',
    'null',
    'Welcome to web1\n' + line,
    `${line}\n${line}`,
    line.replace('web1', 'web2'),
    line.replace(key.id, other.id),
    JSON.stringify(signText('application/vnd.celeroot.presence+json;v=1', text, key)),
    JSON.stringify({ ...signText('application/vnd.celeroot.join-answer+json;v=1', text, key), more: 1 }),
  ];

  for (const each of wrong) assert.equal(await readJoinAnswer(each), null, each);
});

test('whatever comes, it is an answer or it is none', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => (await readJoinAnswer(text)) === null),
  );
});
