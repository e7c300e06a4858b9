import * as z from 'zod';
import { DPKG_QUERY_FORMAT } from '../../src/apt/parse-dpkg-query.ts';
import { keyOfferSchema } from '../../src/core/key-offer.ts';
import { jsonObjectSchema, jsonSchema } from '../../src/core/json.ts';
import {
  isJobStep,
  isWorkerStep,
  PHASES,
  type AuditExcerpt,
  type JobStep,
  type ReachAnswer,
  type Step,
  type StepResult,
  type WorkerStep,
} from '../../src/core/step.ts';

/** Lines of a text. */
const text = z.array(z.string()).transform((lines) => lines.map((line) => `${line}\n`).join(''));
const end = {
  prints: text.default(''),
  says: text.default(''),
  exit: z.int().nullable().default(0),
  signal: z.string().nullable().default(null),
};

/**
 * One expected step and what the host answers. Command lines are their arguments with a blank between. `packages` is
 * how tasks look at all packages: dpkg-query, here with blanks for tabs, then apt's marks. A host without a mark that it
 * is to be rebooted has no newer kernel either, unless the case goes on with that.
 */
const stepSchema = z.union([
  z.strictObject({ run: z.string(), ...end }),
  z.strictObject({ change: z.string(), phase: z.enum(PHASES), ...end }),
  z.strictObject({ packages: z.array(z.string()), auto: z.array(z.string()).default([]) }),
  z.strictObject({ read: z.string(), text: text.nullable() }),
  z.strictObject({ list: z.string(), names: z.array(z.string()) }),
  z.strictObject({ scratch: z.string(), content: text, path: z.string() }),
  // `known` is what an attempt before a crash has stored; without it this is the first.
  z.strictObject({ remember: z.string(), known: text.optional() }),
  z.strictObject({ phase: z.enum(PHASES) }),
  z.strictObject({ plan: jsonSchema }),
  z.strictObject({ await: z.enum(['package-locks', 'shutdown']) }),
  // The audit log from a line on; `jobs` are those it has, with their times in milliseconds.
  z.strictObject({
    audit: z.int(),
    lines: z.array(z.string()),
    next: z.int().nullable().default(null),
    jobs: z.record(z.string(), z.strictObject({ from: z.int(), to: z.int().nullable() })).default({}),
  }),
  z.strictObject({ tell: z.array(jsonSchema) }),
  z.strictObject({ offerKey: keyOfferSchema }),
  z.strictObject({ takeKey: z.string(), taken: z.boolean() }),
  // Services that run replaced code.
  z.strictObject({ outdated: z.array(z.string()) }),
  // `port 80` or a URL, with the HTTP status, true for a port that accepts, or why there is no answer.
  z.strictObject({ reach: z.record(z.string(), z.union([z.int(), z.literal(true), z.string()])) }),
]);
type CaseStep = z.output<typeof stepSchema>;
type PlainStep = Exclude<CaseStep, { packages: readonly string[] }>;

export const caseSchema = z.strictObject({
  /** Why the case is there, where its name does not say it. */
  about: z.string().optional(),
  args: jsonObjectSchema,
  context: z
    .strictObject({
      dryRun: z.boolean().default(false),
      exclude: z.array(z.string()).default([]),
      deny: z.array(z.string()).default([]),
      expectedPlan: z.string().nullable().default(null),
    })
    .prefault({}),
  /** Which of the task's two ways to answer. */
  by: z.enum(['perform', 'answerAtOnce']).default('perform'),
  steps: z.array(stepSchema).transform((steps) => steps.flatMap((step, at) => spellOut(step, steps[at + 1]))),
  /** The fields to compare; null when the task leaves the answer to `perform`. */
  outcome: jsonObjectSchema.nullable(),
});
export type Case = z.output<typeof caseSchema>;

/** What a case and a task have to agree on. */
export function describeStep(step: Step): unknown {
  if (isWorkerStep(step)) return describeWorkerStep(step);
  if (isJobStep(step)) return describeJobStep(step);
  switch (step.kind) {
    case 'run':
      return { run: step.argv.join(' ') };
    case 'read':
    case 'list':
      return { [step.kind]: step.path };
    case 'phase':
      return { phase: step.phase };
    case 'plan':
      return { plan: step.transaction };
    case 'find-outdated':
      return { outdated: null };
    case 'reach':
      return { reach: step.targets.map((target) => (target.kind === 'port' ? `port ${target.port}` : target.url)) };
    case 'tell':
      return {
        tell: step.text
          .trimEnd()
          .split('\n')
          .map((line): unknown => JSON.parse(line)),
      };
  }
}

function describeJobStep(step: JobStep): unknown {
  switch (step.kind) {
    case 'change':
      return { change: step.argv.join(' '), phase: step.phase };
    case 'scratch':
      return { scratch: step.name, content: step.content };
    case 'remember':
      return { remember: step.name };
    case 'await-package-locks':
      return { await: 'package-locks' };
    case 'await-shutdown':
      return { await: 'shutdown' };
  }
}

function describeWorkerStep(step: WorkerStep): unknown {
  if (step.kind === 'read-audit') return { audit: step.from };
  return step.kind === 'take-key' ? { takeKey: step.key } : { offerKey: null };
}

/** The same of a step in a case: what is not the host's answer. */
export function describeExpected(step: PlainStep): unknown {
  if ('run' in step) return { run: step.run };
  if ('change' in step) return { change: step.change, phase: step.phase };
  if ('read' in step) return { read: step.read };
  if ('list' in step) return { list: step.list };
  if ('scratch' in step) return { scratch: step.scratch, content: step.content };
  if ('remember' in step) return { remember: step.remember };
  if ('offerKey' in step) return { offerKey: null };
  if ('takeKey' in step) return { takeKey: step.takeKey };
  if ('outdated' in step) return { outdated: null };
  if ('reach' in step) return { reach: Object.keys(step.reach) };
  return 'audit' in step ? { audit: step.audit } : step;
}

/** The host's answer to a step, by a case's step that agrees with it. */
export function answer(step: Step, expected: PlainStep): StepResult {
  if ('run' in expected || 'change' in expected) {
    const { prints: stdout, says: stderr, exit: exitCode, signal } = expected;
    return { kind: 'run' in expected ? 'run' : 'change', exitCode, signal, stdout, stderr };
  }
  if ('scratch' in expected) return { kind: 'scratch', path: expected.path };
  if (step.kind === 'remember' && 'remember' in expected) {
    return { kind: 'remember', content: expected.known ?? step.content };
  }
  return answerOfWorker(expected) ?? answerLook(expected) ?? { kind: kindOf(expected) };
}

function answerLook(expected: PlainStep): StepResult | null {
  if ('read' in expected) return { kind: 'read', text: expected.text };
  if ('list' in expected) return { kind: 'list', names: expected.names };
  if ('outdated' in expected) return { kind: 'find-outdated', services: expected.outdated };
  if ('reach' in expected) return { kind: 'reach', answers: Object.values(expected.reach).map(reachAnswer) };
  return null;
}

function reachAnswer(answered: number | true | string): ReachAnswer {
  if (typeof answered === 'string') return { ok: false, why: answered };
  return { ok: true, status: answered === true ? null : answered };
}

function answerOfWorker(expected: PlainStep): StepResult | null {
  if ('offerKey' in expected) return { kind: 'offer-key', offer: expected.offerKey };
  if ('takeKey' in expected) return { kind: 'take-key', taken: expected.taken };
  return 'audit' in expected ? { kind: 'read-audit', excerpt: excerptOf(expected) } : null;
}

/** Of the steps that are answered with nothing. */
function kindOf(expected: PlainStep): 'phase' | 'tell' | 'plan' | 'await-package-locks' | 'await-shutdown' {
  if ('await' in expected) return `await-${expected.await}`;
  if ('phase' in expected) return 'phase';
  return 'tell' in expected ? 'tell' : 'plan';
}

function excerptOf({ audit: from, lines, next, jobs }: Extract<PlainStep, { audit: number }>): AuditExcerpt {
  const size = from + lines.length - 1;
  const head = '0'.repeat(64);
  const rest = { id: head, begunAt: 0, broken: null, jobs: new Map(Object.entries(jobs)), journals: [] };
  return { lines, next, size, head, ...rest };
}

const RUNNING_KERNEL = '/proc/sys/kernel/osrelease';

function isUnmarked(step: CaseStep): step is Extract<PlainStep, { read: string }> {
  return 'read' in step && step.read === '/run/reboot-required' && step.text === null;
}

function spellOut(step: CaseStep, next: CaseStep | undefined): readonly PlainStep[] {
  if (isUnmarked(step) && !(next !== undefined && 'read' in next && next.read === RUNNING_KERNEL)) {
    return [step, { read: RUNNING_KERNEL, text: '6.1.0-18-amd64\n' }, { list: '/boot', names: [] }];
  }
  if (!('packages' in step)) return [step];
  const prints = step.packages.map((line) => `${line.replaceAll(' ', '\t')}\n`).join('');
  const marks = step.auto.map((key) => {
    const [name, arch] = key.split(':');
    return `Package: ${name}\nArchitecture: ${arch}\nAuto-Installed: 1\n\n`;
  });
  return [
    { run: `dpkg-query -W -f ${DPKG_QUERY_FORMAT}`, prints, says: '', exit: 0, signal: null },
    { read: '/var/lib/apt/extended_states', text: marks.join('') },
  ];
}
