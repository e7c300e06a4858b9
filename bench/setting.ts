import type { Program } from './program.ts';

/** What every part of the bench is given. */
export type Setting = {
  readonly program: Program;
  /** A folder of the bench's own; gone afterwards. */
  readonly folder: string;
  /** How many lab hosts to measure on. */
  readonly hosts: number;
};
