import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { createApp } from '../../src/commands/app.ts';
import { TASKS } from '../../src/tasks/registry.ts';
import { TYPED_HERE } from '../../src/terminal/as-typed.ts';
import { runCli, testContext } from '../support/cli.ts';

const app = await createApp({ ...testContext(), exitWith: () => undefined }, { withTasks: true, json: false });

/** All commands a person can see, each as the words that lead to it. */
function allCommands(command: CommandUnknownOpts, path: readonly string[] = []): readonly (readonly string[])[] {
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
  return [path, ...visible.flatMap((child) => allCommands(child, [...path, child.name()]))];
}

for (const path of allCommands(app)) {
  test(`help of celeroot ${path.join(' ')} says what it does and gives an example`, async () => {
    const { code, stdout, stderr } = await runCli([...path, '--help']);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /^Usage: celeroot/);
    assert.match(stdout, /\nExamples?:\n {2}.*celeroot /);
    assert.match(stdout.split('\n')[2] ?? '', /\S/, 'the description is on the third line');
  });
}

test('hints know every command, to show it as it has to be typed, but those that are typed on hosts', () => {
  const names = app.commands.map((command) => command.name()).filter((name) => name !== 'help');
  const elsewhere = names.filter((name) => !TYPED_HERE.includes(name));
  assert.deepEqual(elsewhere.toSorted(), ['executor', 'join', 'join-answer', 'policy']);
  assert.deepEqual(
    TYPED_HERE.filter((name) => !names.includes(name)),
    [],
  );
});

test('examples in help are command lines that celeroot understands as far as it can without a fleet', async () => {
  const lines = new Set<string>();
  for (const path of allCommands(app)) {
    const { stdout } = await runCli([...path, '--help']);
    for (const line of stdout.split(/\nExamples?:\n/)[1]?.split('\n') ?? []) lines.add(line.trim());
  }
  const plain = [...lines].filter(
    (line) => /^celeroot [^|<>'"]+$/.test(line) && !/ (worker|init|up|down|join --)\b/.test(line),
  );
  assert.ok(plain.length > 10);
  for (const line of plain) {
    const { stderr } = await runCli(line.split(' ').slice(1));
    assert.doesNotMatch(stderr, /error\[(USAGE|BUG|UNKNOWN_TASK|INVALID_ARGUMENTS)\]/, line);
  }
});

test('every task has its full and its short form', async () => {
  for (const { name } of TASKS) {
    const [group = '', verb = ''] = name.split('.');
    assert.equal((await runCli(['run', name, '--help'])).code, 0);
    assert.equal((await runCli([group, verb, '--help'])).code, 0);
  }
});

test('no flag of a task has the name of a flag that every run has', () => {
  for (const { name, commandLine } of TASKS) {
    const command = app.commands
      .find((child) => child.name() === 'run')
      ?.commands.find((child) => child.name() === name);
    const flags = command?.options.map((option) => option.long) ?? [];
    assert.ok(flags.length > commandLine.options.length);
    assert.equal(new Set(flags).size, flags.length, name);
  }
});

test('--version prints the version alone', async () => {
  const { code, stdout } = await runCli(['--version']);
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('help is understood behind every command that holds others, as --help is', async () => {
  for (const line of ['help', 'help hosts add', 'hosts help', 'hosts help add', 'run help apt.install', 'runs help']) {
    const words = line.split(' ').filter((word) => word !== 'help');
    const asked = await runCli(line.split(' '));
    assert.deepEqual(asked, await runCli([...words, '--help']), line);
    assert.match(asked.stdout, new RegExp(`^Usage: ${['celeroot', ...words].join(' ')} `));
  }
});

test('no command at all shows the help and counts as a usage error', async () => {
  const { code, stderr } = await runCli([]);
  assert.equal(code, 2);
  assert.match(stderr, /^Usage: celeroot/);
});

test('with --json a command that is missing is an error as data', async () => {
  for (const group of [[], ['apt'], ['config']]) {
    const { code, stdout, stderr } = await runCli([...group, '--json']);
    assert.deepEqual([code, stdout], [2, '']);
    assert.partialDeepStrictEqual(JSON.parse(stderr), {
      error: { code: 'USAGE', hint: `see  ${['celeroot', ...group].join(' ')} --help` },
    });
  }
});
