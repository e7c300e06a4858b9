import type * as z from 'zod';
import type { Json } from '../core/json.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Work } from '../core/step.ts';

/** What a task may know besides its arguments. */
export type TaskContext = {
  /** The job's id; stamped on apt's command line, so that apt's own history.log names it. */
  readonly job: string;
  readonly dryRun: boolean;
  /** Package patterns (`linux-image-*`) that the roles of the host keep out of upgrades. */
  readonly exclude: readonly string[];
  /** Package patterns that the host's owner lets nobody change. They are in `exclude` too, so upgrades leave them out. */
  readonly deny: readonly string[];
  /** The transaction hash the order insists on, from a plan that was approved; null when it names none. */
  readonly expectedPlan: string | null;
};

/**
 * A type of work. `perform` is pure: it yields steps (core/step.ts) and returns how it ended. One task is one file,
 * one line in registry.ts, and its cases under test/cases/.
 */
export type Task<Args extends z.ZodType = z.ZodType> = {
  /** `group.verb`; also the command `celeroot group verb`. */
  readonly name: string;
  /** One line for listings and help. */
  readonly summary: string;
  /** Strict object: unknown keys are an error. Every field is described; docs and `--help` print that. */
  readonly args: Args;
  /** Shape of the outcome's `data`. */
  readonly result: z.ZodType<Json>;
  /** Whether it may change the host. Such a task runs in an executor process of its own, one at a time on a host. */
  readonly changesHost: boolean;
  /** Whether to ask before it is sent, however few hosts it is for. */
  readonly needsYes?: boolean;
  /** How its arguments are written on a command line. */
  readonly commandLine: CommandLine;
  /** Its data as rows for people, where a line per host is not enough. */
  readonly table?: ResultTable;
  /** A complete command line, for help. */
  readonly example: string;
  readonly perform: (args: z.output<Args>, context: TaskContext) => Work<Outcome>;
  /**
   * For tasks that change the host: answers at once from files the host has, without an executor, when it is certain
   * that there is nothing to do; null when there may be.
   */
  readonly answerAtOnce?: (args: z.output<Args>, context: TaskContext) => Work<Outcome | null>;
};

/** `rows` gives none for data of another shape: it comes from a host. */
export type ResultTable = {
  readonly head: readonly string[];
  readonly rows: (data: Json) => readonly (readonly string[])[];
};

/** How `celeroot run TASK …` and `celeroot GROUP VERB …` fill the arguments. Each names a key of `args`. */
export type CommandLine = {
  readonly operands?: Operands;
  readonly options: readonly CommandLineOption[];
};

/** The words after the task, collected into a list of strings; with `single` the one word, a string. */
export type Operands = {
  readonly key: string;
  readonly placeholder: string;
  readonly required: boolean;
  readonly single?: boolean;
};

/** `PACKAGE…`, or `NAME` for a single one. */
export function operandsText({ placeholder, single }: Operands): string {
  return single === true ? placeholder : `${placeholder}…`;
}

export type CommandLineOption = {
  readonly key: string;
  /** Long flag without dashes, e.g. `allow-remove`. */
  readonly flag: string;
  readonly description: string;
  /** `list` may be given several times, and commas separate within one; `numbers` is a list of whole numbers. */
  readonly type: 'boolean' | 'string' | 'list' | 'numbers';
  readonly placeholder?: string;
};

/**
 * Makes a task fit for the registry, which holds tasks of every kind: `perform` and `answerAtOnce` then take arguments
 * as they came and parse them with the task's own schema. Parsing what was parsed must change nothing, so a schema
 * has defaults but no transforms.
 */
export function defineTask<Args extends z.ZodType>(task: Task<Args>): Task {
  const { answerAtOnce, ...rest } = task;
  return {
    ...rest,
    perform: (args, context) => task.perform(task.args.parse(args), context),
    ...(answerAtOnce && { answerAtOnce: (args, context) => answerAtOnce(task.args.parse(args), context) }),
  };
}
