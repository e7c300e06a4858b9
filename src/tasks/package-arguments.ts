import * as z from 'zod';
import { packagePatternSchema, packageSelectorSchema } from '../core/package-name.ts';
import type { CommandLineOption } from './task.ts';

type NameList = z.ZodDefault<z.ZodArray<z.ZodType<string, string>>>;

/** Arguments that several tasks on packages have, each with the option that fills it. */
export const allowRemove: NameList = z
  .array(packageSelectorSchema)
  .max(200)
  .default([])
  .describe('Packages that may be removed on the way; any other removal fails the job and names them.');

export const allowDowngrade: NameList = z
  .array(packageSelectorSchema)
  .max(200)
  .default([])
  .describe('Packages that may become older; any other downgrade fails the job and names them.');

export const exclude: NameList = z
  .array(packagePatternSchema)
  .max(200)
  .default([])
  .describe('Packages to leave as they are, besides those the host’s roles exclude; `*` and `?` allowed.');

export const allowRemoveOption: CommandLineOption = {
  key: 'allow_remove',
  flag: 'allow-remove',
  description: 'package that may be removed on the way',
  type: 'list',
  placeholder: 'NAME',
};

export const allowDowngradeOption: CommandLineOption = {
  key: 'allow_downgrade',
  flag: 'allow-downgrade',
  description: 'package that may become older',
  type: 'list',
  placeholder: 'NAME',
};
