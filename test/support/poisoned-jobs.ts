import type { Attack } from './host-attacks.ts';

/** A job in somebody else's queue, by the key of that queue. */
export type Target = { readonly queueKey: string; readonly id: string };

export type PoisonedJobs = {
  /** Put them into the role's queue. */
  readonly commands: Attack;
  /** Those that begin with `fails` are to fail. */
  readonly ids: readonly string[];
  /** Those that nobody is handed. */
  readonly marked: readonly string[];
};

const ENDS = ['done', 'fails', 'marked'];
/** What of a parent becomes of a child that failed; the last names its parent by its key alone. */
const FLAGS = ['none', 'fpof', 'cpof', 'idof', 'rdof', 'bare'];

/**
 * Jobs for the queue of a role, under the key `own`, that by all that BullMQ knows of parents, flows, deduplication,
 * repetition and retries are to reach the targets when another host of the role ends them.
 */
export function poisonedJobs(own: string, targets: readonly Target[]): PoisonedJobs {
  const children = targets.flatMap((target, index) =>
    ENDS.flatMap((end) => FLAGS.map((flag) => ({ id: `${end}-${flag}-${index}`, target, flag }))),
  );
  const repeated = ['rjk', 'again', 'opts', '{"repeat":{"every":1,"count":1}}'];
  const others = [
    ['fails-often', 'opts', '{"attempts":3}'],
    ['done-repeated', ...repeated],
    ['done-by-another-id', 'id', 'done-none-0'],
    ['done-delayed'],
    ['done-prioritized'],
    ['marked-stalled'],
  ];
  const parent = parentFields(targets[0], 'fpof');
  const put = (id: string, ...fields: string[]): readonly string[] => ['HSET', `${own}:${id}`, ...JOB, ...fields];
  return {
    commands: [
      ...children.flatMap(({ id, target, flag }) => [
        put(id, ...parentFields(target, flag), 'deid', id, ...(id.startsWith('marked') ? ['defa', 'x'] : [])),
        ['HSET', `${own}:dn:${id}`, ...JOB, ...nextFields(target), 'jid', `done-next-${id}`],
        ['LPUSH', `${own}:wait`, id],
      ]),
      ...others.map(([id = '', ...fields]) => put(id, ...parent, ...fields)),
      ['HSET', `${own}:repeat:again`, 'name', 'x', 'ic', '1', 'every', '1'],
      ['ZADD', `${own}:repeat`, '0', 'again'],
      ['LPUSH', `${own}:wait`, 'fails-often', 'done-repeated', 'done-by-another-id'],
      ['ZADD', `${own}:delayed`, '0', 'done-delayed'],
      ['ZADD', `${own}:prioritized`, '0', 'done-prioritized'],
      ['LPUSH', `${own}:active`, 'marked-stalled'],
      ['SADD', `${own}:stalled`, 'marked-stalled'],
      // Long over, so that whoever keeps a failed job clears it away.
      put('old', ...parent),
      ['ZADD', `${own}:failed`, '0', 'old'],
      ['ZADD', `${own}:marker`, '0', '0'],
    ],
    ids: [...children.map(({ id }) => id), ...others.map(([id = '']) => id)],
    marked: [...children.map(({ id }) => id), 'marked-stalled'].filter((id) => id.startsWith('marked')),
  };
}

const JOB = ['name', 'x', 'data', '{}', 'opts', '{}'];

function parentFields(target: Target | undefined, flag: string): readonly string[] {
  const { queueKey, id } = target ?? { queueKey: '', id: '' };
  const named = ['parentKey', `${queueKey}:${id}`];
  return flag === 'bare' ? named : [...named, 'parent', JSON.stringify({ id, queueKey, [flag]: true })];
}

function nextFields({ queueKey, id }: Target): readonly string[] {
  const key = `${queueKey}:${id}`;
  return ['pk', key, 'pd', JSON.stringify({ id, queueKey, fpof: true }), 'pdk', `${key}:dependencies`];
}
