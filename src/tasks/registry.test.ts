import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { findTask, similarTasks, taskAllowed, TASKS } from './registry.ts';

test('tasks are listed in the order of their names', () => {
  const names = TASKS.map((task) => task.name);
  assert.deepEqual(names, names.toSorted());
});

test('a task is found by its exact name only', () => {
  assert.equal(findTask('system.ping')?.name, 'system.ping');
  assert.equal(findTask('system.Ping'), null);
  assert.equal(findTask('constructor'), null);
});

test('a mistyped task and a bare verb lead to the task meant', () => {
  assert.deepEqual(similarTasks('system.pnig'), ['system.ping']);
  assert.deepEqual(similarTasks('ping'), ['system.ping']);
  assert.deepEqual(similarTasks('frobnicate'), []);
});

test('a role allows tasks by name, by group or all', () => {
  assert.equal(taskAllowed('apt.install', ['apt.install']), true);
  assert.equal(taskAllowed('apt.install', ['apt.*']), true);
  assert.equal(taskAllowed('apt.install', ['*']), true);
  assert.equal(taskAllowed('apt.install', ['apt.remove', 'system.*']), false);
  assert.equal(taskAllowed('aptitude.install', ['apt.*']), false);
  assert.equal(taskAllowed('apt.install', []), false);
});

test('every task describes each of its arguments, and every flag belongs to one', () => {
  for (const task of TASKS) {
    const fields = task.args instanceof z.ZodObject ? task.args.shape : null;
    assert.ok(fields, task.name);
    for (const [key, field] of Object.entries(fields)) {
      assert.ok(z.toJSONSchema(z.strictObject({ [key]: field }), { io: 'input' }).properties?.[key], key);
      assert.ok(field.description, `${task.name}: ${key} has no description`);
    }
    const keys = task.commandLine.options.map((option) => option.key);
    for (const key of [...keys, ...(task.commandLine.operands ? [task.commandLine.operands.key] : [])]) {
      assert.ok(key in fields, `${task.name}: no argument ${key}`);
    }
  }
});

test('every task refuses arguments it does not know', () => {
  for (const task of TASKS) assert.equal(task.args.safeParse({ 'no-such': 1 }).success, false, task.name);
});
