/** The one table of exit codes; docs/exit-codes.md is generated from it. */
export const EXIT = {
  done: { code: 0, meaning: 'everything asked for is done' },
  failed: { code: 1, meaning: 'at least one host failed, refused, expired or was cancelled, or a program failed' },
  usage: { code: 2, meaning: 'a flag or an argument is wrong' },
  config: { code: 3, meaning: 'the configuration or a key file is missing, unreadable or wrong' },
  connection: { code: 4, meaning: 'Redis is away, refuses us or is not set up safely' },
  rejected: { code: 5, meaning: 'the request was understood and refused' },
  pending: { code: 6, meaning: 'nothing failed, but some hosts are offline and their jobs still wait' },
  audit: { code: 7, meaning: 'an audit log was changed, cut or added to, or does not fit what was done' },
  bug: { code: 70, meaning: 'a bug in celeroot; please report it' },
  interrupted: { code: 130, meaning: 'interrupted from the keyboard' },
} as const;
