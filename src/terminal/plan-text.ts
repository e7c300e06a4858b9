import { firstOf } from '../core/first-of.ts';
import { countChanges, type GroupKeptBack, type PlanGroup } from '../core/plan-groups.ts';
import type { KeptBack, PackageChange } from '../core/transaction.ts';
import type { Output } from './output.ts';
import { plainText } from './plain-text.ts';
import { formatLine, span, type StyledLine } from './styled-line.ts';

/**
 * Shows what a dry run found: every group with its hosts and, up to `maxChanges` each, what would be done and what is
 * kept back.
 */
export function writePlans(output: Output, groups: readonly PlanGroup[], maxChanges: number): void {
  const hosts = groups.reduce((sum, group) => sum + group.hosts.length, 0);
  const lines: StyledLine[] = [[span(headingText(hosts, groups.length), 'bold')]];
  for (const group of groups) lines.push(...groupLines(group, maxChanges));
  const width = output.isTTY ? output.columns : Infinity;
  output.write(lines.map((line) => `${formatLine(output, line, width)}\n`).join(''));
}

function headingText(hosts: number, groups: number): string {
  const what = groups === 1 ? 'one transaction' : `${groups} different transactions`;
  return `Plan for ${hosts} ${hosts === 1 ? 'host' : 'hosts'}, ${what}`;
}

function groupLines(group: PlanGroup, maxChanges: number): readonly StyledLine[] {
  const { changes } = group.transaction;
  const sorted = changes.toSorted((a, b) => weight(b) - weight(a));
  const lines: StyledLine[] = [
    [
      span(`  ${group.letter}  `, 'cyan'),
      span(firstOf(group.hosts, MAX_NAMES), 'bold'),
      span(`   ${countChanges(group.transaction)}`),
    ],
    ...sorted.slice(0, maxChanges).map(changeLine),
  ];
  lines.push(...moreLine(changes.length - maxChanges, ''));
  lines.push(...group.keptBack.slice(0, maxChanges).map((kept) => keptLine(kept, group)));
  lines.push(...moreLine(group.keptBack.length - maxChanges, ' kept back'));
  if (group.objection !== null) lines.push([span(`     ✗ ${plainText(group.objection)}`, 'red')]);
  if (group.objectionHint !== null) lines.push([span(`     ← ${plainText(group.objectionHint)}`, 'yellow')]);
  return lines;
}

const MAX_NAMES = 8;

/** What is lost first, then what closes a hole. */
function weight(change: PackageChange): number {
  if (LOSSES.has(change.action)) return 2;
  return change.security ? 1 : 0;
}

const LOSSES: ReadonlySet<string> = new Set(['remove', 'purge', 'downgrade']);

/** `openssl 3.0.15-1 → 3.0.16-1 (security)`, `php7.4-fpm 7.4.33 REMOVED`. */
export function changeText(change: PackageChange): string {
  const security = change.security ? ' (security)' : '';
  const versions = [change.from, change.to].filter((version) => version !== null).join(' → ');
  const loss = LOSSES.has(change.action) ? ` ${LOSS_WORDS[change.action] ?? ''}` : '';
  return plainText(`${change.package} ${versions}${loss}${security}`);
}

const LOSS_WORDS: Readonly<Record<string, string>> = { remove: 'REMOVED', purge: 'PURGED', downgrade: 'DOWNGRADED' };

/** `linux-image-amd64 6.1.1 → 6.1.2: held on the host`. */
export function keptText(kept: KeptBack): string {
  const versions = [kept.from, kept.to].filter((version) => version !== null).join(' → ');
  return plainText(`${kept.package} ${versions}: ${KEPT_WORDS[kept.reason]}`);
}

const KEPT_WORDS: Readonly<Record<KeptBack['reason'], string>> = {
  held: 'held on the host',
  excluded: 'excluded by a role or the order',
  phased: 'a phased update that has not reached the host yet',
  dependency: 'another package would have to go, or to come and cannot',
  'not-security': 'no security fix',
};

function keptLine(kept: GroupKeptBack, { hosts }: PlanGroup): StyledLine {
  const where = kept.hosts.length < hosts.length ? ` (${firstOf(kept.hosts, MAX_NAMES)})` : '';
  return [span(`       kept back  ${keptText(kept)}${where}`, 'dim')];
}

function moreLine(count: number, what: string): readonly StyledLine[] {
  return count <= 0 ? [] : [[span(`       … and ${count} more${what}`, 'dim')]];
}

function changeLine(change: PackageChange): StyledLine {
  return [span(`       ${changeText(change)}`, LOSSES.has(change.action) ? 'red' : null)];
}
