import type { Trust } from './trust-file.ts';

/** What is different in a new version of the trust file, in a line: `added ada; revoked bob`. */
export function describeTrustChange(before: Trust, after: Trust): string {
  const old = new Map(before.grants.map((grant) => [grant.name, grant]));
  const grants = after.grants.flatMap((grant) => {
    const was = old.get(grant.name);
    if (was === undefined) return [`added ${grant.name}${grant.kind === undefined ? '' : ` (${grant.kind})`}`];
    if (was.key !== grant.key) return [`another key for ${grant.name}`];
    if (was.revokedAt === null && grant.revokedAt !== null) return [`revoked ${grant.name}`];
    return JSON.stringify(was) === JSON.stringify(grant) ? [] : [`changed ${grant.name}`];
  });
  const gone = before.grants.filter(({ name }) => !after.grants.some((grant) => grant.name === name));
  const roots = before.roots.join() === after.roots.join() ? [] : ['other root keys'];
  const all = [...grants, ...gone.map(({ name }) => `removed ${name}`), ...roots];
  return (all.length === 0 ? 'renewed' : all.join('; ')).slice(0, 2000);
}
