import * as z from 'zod';

/**
 * The barrier between what somebody typed and apt's command line, where an argument may also be an option, a pattern,
 * a file or an order to remove (`vim-`). Debian Policy sections 5.6.1, 5.6.8 and 5.6.12, with apt's limits.
 */
const NAME = /^[a-z0-9][a-z0-9+.-]{1,127}$/;
const VERSION = /^(?:\d{1,10}:)?\d[A-Za-z0-9.+~-]{0,127}$/;
const ARCHITECTURE = /^[a-z0-9][a-z0-9-]{1,31}$/;
const PATTERN = /^[a-z0-9*?][a-z0-9+.*?-]{0,127}$/;

/** A package as somebody asks for it; null where the host decides. */
export type PackageArgument = {
  readonly name: string;
  readonly arch: string | null;
  readonly version: string | null;
};

/**
 * Takes `name`, `name:arch`, `name=version` and `name:arch=version` apart. Only for text that
 * `packageArgumentSchema` has accepted.
 */
export function parsePackageArgument(text: string): PackageArgument {
  const equals = text.indexOf('=');
  const selector = equals < 0 ? text : text.slice(0, equals);
  const colon = selector.indexOf(':');
  return {
    name: colon < 0 ? selector : selector.slice(0, colon),
    arch: colon < 0 ? null : selector.slice(colon + 1),
    version: equals < 0 ? null : text.slice(equals + 1),
  };
}

/** A package argument without its version: `name` or `name:arch`. */
export function packageSelectorOf(text: string): string {
  return text.split('=')[0] ?? text;
}

/** What `celeroot apt install` takes. The text stays as it was typed. */
export const packageArgumentSchema: z.ZodType<string, string> = checked((text) => {
  const { name, arch, version } = parsePackageArgument(text);
  return problemWithName(name, text) ?? problemWithArchitecture(arch) ?? problemWithVersion(version);
});

/** `name` or `name:arch`: what is removed has one version only. */
export const packageSelectorSchema: z.ZodType<string, string> = checked((text) => {
  if (text.includes('=')) return `${quote(text)} names a version; give the name alone`;
  const { name, arch } = parsePackageArgument(text);
  return problemWithName(name, text) ?? problemWithArchitecture(arch);
});

export const packageNameSchema: z.ZodType<string, string> = checked((text) => problemWithName(text, text));

/** A package name in which `*` stands for any characters and `?` for one, as in a role's `exclude`. */
export const packagePatternSchema: z.ZodType<string, string> = checked((text) =>
  PATTERN.test(text) ? null : `${quote(text)} is not a package name; only * and ? may stand for other characters`,
);

function checked(problem: (text: string) => string | null): z.ZodType<string, string> {
  return z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });
}

/** Explains the likely mistake; `text` is the whole argument, in which apt may have seen something else. */
function problemWithName(name: string, text: string): string | null {
  if (text.trim() === '') return 'a package name is empty';
  if (text.startsWith('-')) return `${quote(text)} looks like an option; only package names are accepted`;
  if (/[/\\]|\.deb$/.test(text)) {
    return `${quote(text)} looks like a file or a release; packages come from the host's repositories by name`;
  }
  if (/\s/.test(text)) return `${quote(text)} contains a space; give each package by itself`;
  if (name.endsWith('-')) return `${quote(text)}: a trailing - means removal to apt; celeroot does not accept it`;
  if (name.endsWith('^')) return `${quote(text)}: a trailing ^ means a task to apt; celeroot does not accept it`;
  if (/[*?[\]~^$|()!]/.test(name)) return `${quote(text)} is a pattern; only exact package names are accepted`;
  if (NAME.test(name)) return null;
  return /[A-Z]/.test(name)
    ? `${quote(text)}: package names are in lower case`
    : `${quote(text)} is no package name: 2 to 128 of a-z, 0-9, +, - and ., starting with a letter or digit`;
}

function problemWithArchitecture(arch: string | null): string | null {
  return arch === null || ARCHITECTURE.test(arch) ? null : `${quote(arch)} is no architecture, such as amd64`;
}

function problemWithVersion(version: string | null): string | null {
  if (version === null || VERSION.test(version)) return null;
  return version.includes('*')
    ? `${quote(version)} is a pattern; give the exact version`
    : `${quote(version)} is no version, such as 1:2.30-1+deb12u2`;
}

/** Quoted as JSON, so that control characters and quotes cannot disguise themselves; cut where it gets long. */
function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
