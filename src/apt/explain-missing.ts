import { closeMatches } from '../core/close-matches.ts';
import type { Failure } from '../core/outcome.ts';
import type { PackageArgument } from '../core/package-name.ts';
import { run, type Work } from '../core/step.ts';
import { policyArgv } from './argv.ts';
import { parsePolicy, type PackagePolicy } from './parse-policy.ts';
import { runChecked } from './run-checked.ts';

/**
 * Why the first of the packages that cannot be had cannot: unknown, only a name that others provide, not offered, or
 * not in that version. Null when all of them can be had.
 */
export function* explainMissing(requests: readonly PackageArgument[], nativeArch: string): Work<Failure | null> {
  const keyOf = ({ name, arch }: PackageArgument): string => `${name}:${arch ?? nativeArch}`;
  const policies = parsePolicy(yield* runChecked(policyArgv(requests.map(keyOf))));
  const known = new Map(policies.map((policy) => [`${policy.name}:${policy.arch ?? nativeArch}`, policy]));
  for (const request of requests) {
    const failure = yield* explainOne(request, { policy: known.get(keyOf(request)) ?? null, nativeArch });
    if (failure !== null) return failure;
  }
  return null;
}

type Known = { readonly policy: PackagePolicy | null; readonly nativeArch: string };

function* explainOne(request: PackageArgument, { policy, nativeArch }: Known): Work<Failure | null> {
  const { name, arch, version } = request;
  const called = arch === null || arch === nativeArch ? name : `${name}:${arch}`;
  if (policy === null) return yield* explainUnknown(called, name);
  if (policy.versions.length === 0) return yield* explainVirtual(name);
  const versions = policy.versions.map((one) => one.version);
  if (version !== null && !versions.includes(version)) {
    return {
      kind: 'no_such_version',
      message: `no repository of the host has ${called} ${version}; there is ${versions.slice(0, 10).join(', ')}`,
      hint: 'if it is new, run apt.update first',
    };
  }
  if (version !== null || policy.candidate !== null) return null;
  return {
    kind: 'no_candidate',
    message: `the host knows ${called} but may not install it: its preferences rule out ${versions.join(', ')}`,
    hint: 'see on the host: apt-cache policy, and /etc/apt/preferences',
  };
}

function* explainUnknown(called: string, name: string): Work<Failure> {
  const sameStart = (yield* runChecked(['apt-cache', 'pkgnames', '--', name.slice(0, 3)])).split('\n');
  const failure = { kind: 'no_such_package', message: `no repository of the host has a package ${called}` };
  if (sameStart.includes(name)) {
    return {
      ...failure,
      hint: `there is a ${name} for another architecture; see on the host: apt-cache policy ${name}`,
    };
  }
  const close = closeMatches(name, sameStart);
  return {
    ...failure,
    hint: close.length > 0 ? `did you mean ${close.join(', ')}?` : 'if it is new, run apt.update first',
  };
}

/** Names of which others depend or that others provide, but that are no packages (Debian Policy 3.6). */
function* explainVirtual(name: string): Work<Failure> {
  const { stdout } = yield* run(['apt-cache', 'showpkg', '--', name]);
  const [, reverseProvides = ''] = stdout.split(/^Reverse Provides: *$/m);
  const providers = [...new Set([...reverseProvides.matchAll(/^([a-z0-9][a-z0-9+.-]+) /gm)].map((match) => match[1]))];
  if (providers.length === 0) {
    return {
      kind: 'no_candidate',
      message: `no repository of the host has ${name}, though other packages mention it`,
      hint: 'if it is new, run apt.update first',
    };
  }
  return {
    kind: 'virtual_package',
    message: `${name} is no package by itself; ${providers.slice(0, 20).join(', ')} provide it`,
    hint: 'name the one you want',
  };
}
