import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { closeMatches } from '../core/close-matches.ts';
import { CelerootError, type ErrorCode, UsageError } from '../core/errors.ts';

export type Named = {
  /** The code of the error `show` throws when nothing has the name. */
  readonly unknown: ErrorCode;
  readonly show: () => Promise<void>;
};

/** The word after a noun may be a name or a mistyped verb; commander cannot know which. */
export async function nameOrVerb(command: CommandUnknownOpts, word: string, { unknown, show }: Named): Promise<void> {
  const noun = command.name();
  const [, surplus] = command.args;
  const verbs = command.commands.flatMap((child) => [child.name(), ...child.aliases()]);
  const [verb] = closeMatches(word, verbs);
  if (surplus !== undefined || word.startsWith('-')) {
    const what = word.startsWith('-') ? word : `${word} ${surplus}`;
    const hint = verb === undefined ? `see  celeroot ${noun} --help` : `did you mean  celeroot ${noun} ${verb}?`;
    throw new UsageError('USAGE', `celeroot ${noun} does not understand ${what}`, { hint });
  }
  try {
    await show();
  } catch (error) {
    if (!(error instanceof CelerootError) || error.code !== unknown || verb === undefined) throw error;
    throw new UsageError('USAGE', `there is no ${noun.replace(/s$/, '')} and no command ${word}`, {
      hint: `did you mean  celeroot ${noun} ${verb}?`,
    });
  }
}
