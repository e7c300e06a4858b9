import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { outcomeSchema, type Outcome } from '../../src/core/outcome.ts';
import type { Step, Work } from '../../src/core/step.ts';
import { findTask, TASKS } from '../../src/tasks/registry.ts';
import type { Task, TaskContext } from '../../src/tasks/task.ts';
import { answer, caseSchema, describeExpected, describeStep, type Case } from './case.ts';

/** Every folder beside this file is a task, every file in it a case whose name says what happens. */
const FOLDER = import.meta.dirname;
const CASES = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((entry) => readdirSync(join(FOLDER, entry.name)).map((file) => ({ folder: entry.name, file })));

for (const { folder, file } of CASES) {
  test(`${folder}: ${file.replace(/\.json$/, '').replaceAll('-', ' ')}`, () => {
    const task = findTask(folder.replace('-', '.'));
    assert.ok(task, `no task for ${folder}`);
    runCase(task, caseSchema.parse(JSON.parse(readFileSync(join(FOLDER, folder, file), 'utf8'))));
  });
}

test('every task has cases, and those that change the host a dry run among them', () => {
  for (const task of TASKS) {
    const folder = task.name.replace('.', '-');
    const files = CASES.filter((found) => found.folder === folder).map(({ file }) => file);
    assert.ok(files.length > 0, `${task.name} has no case`);
    if (!task.changesHost) continue;
    assert.ok(
      files.some((file) => file.startsWith('dry-run')),
      `${task.name} has no dry run`,
    );
  }
});

function runCase(task: Task, { args, by, context, steps, outcome }: Case): void {
  const full: TaskContext = { job: 'JOB', ...context };
  const work: Work<Outcome | null> =
    by === 'perform'
      ? task.perform(args, full)
      : (task.answerAtOnce ?? assert.fail('the task has no answerAtOnce'))(args, full);
  const ended = performSteps(work, steps, full);
  assert.equal(ended === null, outcome === null);
  if (ended === null || outcome === null) return;

  outcomeSchema.parse(ended);
  task.result.parse(ended.data);
  const compared = Object.fromEntries(Object.entries(ended).filter(([field]) => field in outcome));
  assert.deepEqual(compared, outcome);
}

function performSteps(work: Work<Outcome | null>, steps: Case['steps'], { dryRun }: TaskContext): Outcome | null {
  let next = work.next();
  for (const expected of steps) {
    assert.ok(next.done !== true, `ended before ${JSON.stringify(describeExpected(expected))}`);
    const step: Step = next.value;
    assert.deepEqual(describeStep(step), describeExpected(expected));
    assert.ok(!dryRun || step.kind !== 'change', 'a dry run changes nothing');
    next = work.next(answer(step, expected));
  }
  assert.ok(next.done === true, 'asked for more than the case has');
  return next.value;
}
