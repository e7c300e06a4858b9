import { digestOf } from '../audit/chain.ts';
import { MOST_ARGUMENT_TEXT, MOST_NAMED_HOSTS, type JournalEvent } from '../audit/journal-event.ts';
import type { RunId } from '../core/ids.ts';
import type { HostName } from '../core/names.ts';
import type { PreparedRun } from './prepare-run.ts';

/** What the journal says of a run that is about to be sent. */
export function runEvent(
  run: RunId,
  { task, args, dryRun, target, assignments }: PreparedRun,
  { key, by }: { readonly key: string; readonly by: string },
): JournalEvent {
  const text = JSON.stringify(args);
  const hosts = assignments.flatMap(({ to }) => (to.kind === 'host' ? [to.host] : [])).toSorted();
  const isShort = hosts.length === assignments.length && hosts.length <= MOST_NAMED_HOSTS;
  return {
    kind: 'run',
    run,
    task: task.name,
    args: text.length > MOST_ARGUMENT_TEXT ? null : args,
    argsDigest: digestOf(text),
    dryRun,
    target: target.slice(0, 2000),
    hosts: isShort ? hosts : null,
    hostCount: assignments.length,
    hostsDigest: digestOf(namesText(hosts)),
    key,
    by,
  };
}

function namesText(hosts: readonly HostName[]): string {
  return hosts.map((host) => `${host}\n`).join('');
}
