import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt } from '../../lab/run-command.ts';
import type { Json } from '../../src/core/json.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import {
  isJobStep,
  isWorkerStep,
  type CommandOutput,
  type JobStep,
  type Step,
  type StepResult,
  type Work,
} from '../../src/core/step.ts';
import { programEnvironment } from '../../src/host/program-environment.ts';
import { performWork, type StepPerformer } from '../../src/executor/perform-work.ts';
import { findTask } from '../../src/tasks/registry.ts';
import type { TaskContext } from '../../src/tasks/task.ts';

/** Something that programs can be run on as root: a host of the lab, a folder to chroot into. */
export type HostAccess = { argv(argv: readonly string[]): string[] };

/** What a job did besides its outcome. */
export type Performed = {
  readonly outcome: Outcome;
  readonly steps: readonly Step[];
  /** What apt wrote to its status descriptor. */
  readonly status: string;
  readonly output: string;
};

/** A task, its arguments, and what its context has beyond the usual. */
export type Asked = Partial<TaskContext> & { readonly name: string; readonly args?: Readonly<Record<string, Json>> };

/** Does a task on a host with the host's real programs. */
export async function doTask(host: HostAccess, { name, args = {}, ...context }: Asked): Promise<Performed> {
  const task = findTask(name) ?? assert.fail(`no task ${name}`);
  assert.deepEqual(task.args.safeParse(args).error?.issues ?? [], []);
  return await performOn(host, task.perform(args, taskContext(context)));
}

/** Performs a task's steps with the real programs of a host, each job with a memory of its own. */
export async function performOn(
  host: HostAccess,
  work: Work<Outcome>,
  memory = new Map<string, string>(),
): Promise<Performed> {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-job-'));
  const steps: Step[] = [];
  const perform = performer(host, { folder, memory });
  try {
    const outcome = await performWork(work, async (step) => {
      steps.push(step);
      return await perform(step);
    });
    const texts = await Promise.all(
      ['status', 'output'].map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
    );
    return { outcome, steps, status: texts[0] ?? '', output: texts[1] ?? '' };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A context for tests; the job's id shows in the host's apt history. */
export function taskContext(context: Partial<TaskContext> = {}): TaskContext {
  return { job: 'test-job', dryRun: false, exclude: [], deny: [], expectedPlan: null, ...context };
}

type Job = { readonly folder: string; readonly memory: Map<string, string> };

function performer(host: HostAccess, job: Job): StepPerformer {
  return async (step: Step): Promise<StepResult> => {
    if (isWorkerStep(step)) return assert.fail('only a worker has an audit log and a key');
    if (isJobStep(step)) return await performJobStep(host, job, step);
    switch (step.kind) {
      case 'run':
        return { kind: 'run', ...(await look(host, step.argv)) };
      case 'read':
        return { kind: 'read', text: await printed(host, ['zcat', '-f', step.path]) };
      case 'list':
        return { kind: 'list', names: await namesIn(host, step.path) };
      case 'phase':
      case 'plan':
      case 'tell':
        return { kind: step.kind };
      case 'find-outdated':
        // Looked for on the machine that the tests run on, which is of no interest here.
        return { kind: 'find-outdated', services: [] };
      case 'reach':
        return assert.fail(`only celeroot on the host itself can do a ${step.kind} step`);
    }
  };
}

async function performJobStep(host: HostAccess, job: Job, step: JobStep): Promise<StepResult> {
  switch (step.kind) {
    case 'change':
      return { kind: 'change', ...(await change(host.argv(cleanly(step.argv)), job.folder)) };
    case 'scratch':
      return { kind: 'scratch', path: await write(host, step) };
    case 'remember':
      return { kind: 'remember', content: recall(job.memory, step) };
    case 'await-package-locks':
    case 'await-shutdown':
      return { kind: step.kind };
  }
}

async function look(host: HostAccess, argv: readonly string[], input = ''): Promise<CommandOutput> {
  const { code, stdout, stderr } = await attempt(host.argv(cleanly(argv)), { input });
  return { exitCode: code, signal: null, stdout, stderr };
}

async function printed(host: HostAccess, argv: readonly string[]): Promise<string | null> {
  const { exitCode, stdout } = await look(host, argv);
  return exitCode === 0 ? stdout : null;
}

async function namesIn(host: HostAccess, path: string): Promise<readonly string[]> {
  return (await printed(host, ['ls', '-1A', path]))?.split('\n').slice(0, -1) ?? [];
}

type NamedContent = { readonly name: string; readonly content: string };

async function write(host: HostAccess, { name, content }: NamedContent): Promise<string> {
  const path = `/tmp/celeroot-${name}`;
  assert.equal((await look(host, ['tee', path], content)).exitCode, 0);
  return path;
}

function recall(memory: Map<string, string>, { name, content }: NamedContent): string {
  const known = memory.get(name) ?? content;
  memory.set(name, known);
  return known;
}

function cleanly(argv: readonly string[]): readonly string[] {
  return ['env', '-i', ...Object.entries(programEnvironment()).map(([name, value]) => `${name}=${value}`), ...argv];
}

/** Into files, as in an executor: what dpkg leaves running must not keep a pipe open. */
async function change(argv: readonly string[], folder: string): Promise<CommandOutput> {
  await using output = await open(join(folder, 'output'), 'a+');
  await using status = await open(join(folder, 'status'), 'a');
  const { size } = await output.stat();
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: ['ignore', output.fd, output.fd, status.fd] });
  const [exitCode, signal]: (number | null)[] & (string | null)[] = await once(child, 'exit');
  const written = await readFile(join(folder, 'output'));
  return {
    exitCode: typeof exitCode === 'number' ? exitCode : null,
    signal: typeof signal === 'string' ? signal : null,
    stdout: written.subarray(size).toString(),
    stderr: '',
  };
}
