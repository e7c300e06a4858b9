import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandError } from '../core/errors.ts';
import { listNames, readText, type Step, type StepResult, type Work } from '../core/step.ts';
import { performWork } from './perform-work.ts';

const missing = new CommandError('COMMAND_FAILED', 'no such folder');

test('work is resumed with the result of each step', async () => {
  const asked: string[] = [];
  const perform = async (step: Step): Promise<StepResult> => {
    asked.push(step.kind);
    return step.kind === 'list' ? { kind: 'list', names: ['a', 'b'] } : { kind: 'read', text: 'c' };
  };

  const result = await performWork(
    (function* (): Work<string> {
      const names = yield* listNames('/folder');
      return [...names, yield* readText('/file')].join();
    })(),
    perform,
  );

  assert.equal(result, 'a,b,c');
  assert.deepEqual(asked, ['list', 'read']);
});

test('a step that fails fails inside the work, which may go on', async () => {
  const perform = async (step: Step): Promise<StepResult> => {
    if (step.kind === 'list') throw missing;
    return { kind: 'read', text: 'instead' };
  };

  const result = await performWork(
    (function* (): Work<string | null> {
      try {
        return (yield* listNames('/folder')).join();
      } catch {
        return yield* readText('/file');
      }
    })(),
    perform,
  );

  assert.equal(result, 'instead');
});

test('a failure the work does not handle ends it', async () => {
  const perform = async (): Promise<StepResult> => {
    throw missing;
  };

  await assert.rejects(performWork(listNames('/folder'), perform), missing);
});
