import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { tour } from '../../lab/instructions.ts';
import { CHECKOUT } from '../../lab/paths.ts';
import { attempt, type Ran } from '../../lab/run-command.ts';
import { openLab, type TestLab } from '../support/lab.ts';

/** Types what `npm run lab -- up 3` prints, letter by letter. */
let lab: TestLab;
let typed: Map<string, Ran>;

before(async () => {
  lab = await openLab({ hosts: 3 });
  const commands = tour(lab.paths, lab.state).flatMap((chapter) => chapter.commands);
  const exports = commands.filter((command) => command.startsWith('export '));
  typed = new Map();
  for (const [index, command] of commands.entries()) {
    const line = [...exports, command].join('\n');
    typed.set(`${index} ${command}`, await attempt(['bash', '-c', line], { cwd: CHECKOUT }));
  }
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

/** What came of the command that begins so; of the `nth`, from 0, when it is typed more than once. */
function outcome(start: string, nth = 0): Ran {
  const found = [...typed].filter(([command]) => command.replace(/^\d+ /, '').startsWith(start))[nth];
  return found?.[1] ?? assert.fail(`the tour has no ${start}`);
}

test('every command of the tour does what it is there for, and only the one that leaves a host waiting says 6', () => {
  const failed = [...typed].filter(([, { code }]) => code !== 0).map(([command, { code }]) => `${command}: ${code}`);

  assert.equal(failed.length, 1, failed.join('\n'));
  assert.match(failed[0] ?? '', /^\d+ \.\/celeroot apt install lab-app --role webserver: 6$/);
});

test('the tour shows three hosts online, an install, and that it changes nothing the second time', () => {
  assert.equal(outcome('./celeroot hosts ls').stdout.match(/ online /g)?.length, 3);
  assert.match(outcome('./celeroot apt install hello-lab lab-web').stdout, /3 of 3 done, 3 changed/);
  assert.equal(outcome('./celeroot apt install hello-lab lab-web', 1).stdout.match(/ \| unchanged /g)?.length, 3);
});

test('the tour shows a removal before it is done', () => {
  const dry = outcome('./celeroot apt upgrade --mode full --role webserver --dry-run').stdout;
  assert.match(dry, /A +web1, web2, web3 .*1 REMOVED/);
  assert.match(dry, /--allow-remove lab-engine1/);
  assert.match(outcome('./celeroot apt upgrade --mode full --role webserver --allow').stdout, /3 of 3 done, 3 changed/);
});

test('the tour shows a host offline and its job done later', () => {
  assert.match(outcome('./celeroot hosts ls', 1).stdout, /^web2 .*offline/m);
  assert.match(outcome('./celeroot apt install lab-app').stdout, /2 of 3 done, 2 changed/);
  assert.match(outcome('./celeroot runs show latest --follow').stdout, /3 of 3 done, 3 changed/);
});

test('the tour shows apt at work without its worker, one result and a clean dpkg', () => {
  const processes = outcome('npm run -s lab -- sh web2 ps').stdout;
  assert.match(processes, /lab-slow\.postinst/);
  assert.doesNotMatch(processes, /celeroot\.cjs worker/);
  assert.match(outcome('./celeroot runs show latest --follow', 1).stdout, /3 of 3 done, 3 changed/);
  assert.equal(outcome('npm run -s lab -- sh web2 dpkg --audit').stdout, '');
  assert.match(outcome('npm run -s lab -- sh web2 dpkg -l').stdout, /^ii +lab-slow +2\.0 /m);
});
