import { join } from 'node:path';
import { UsageError } from '../src/core/errors.ts';

/** Where a lab keeps its things. Everything but the cached base and packages is below `folder`. */
export type LabPaths = {
  readonly name: string;
  /** Shared by all labs of this machine. */
  readonly cache: string;
  /** This lab's own folder; gone after `down`. */
  readonly folder: string;
};

const ROOT = '/var/lib/celeroot-lab';

/** A lab is known by its name; two names never share a process, a link, an address or a file. */
export function labPaths(name: string, root: string = process.env['CELEROOT_LAB_DIR'] ?? ROOT): LabPaths {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name)) {
    throw new UsageError('USAGE', `lab name ${JSON.stringify(name)} is not usable`, {
      hint: 'use small letters, digits and -, at most 40',
    });
  }
  return { name, cache: join(root, 'cache'), folder: join(root, 'labs', name) };
}

/** The checkout this lab was started from. */
export const CHECKOUT: string = join(import.meta.dirname, '..');
