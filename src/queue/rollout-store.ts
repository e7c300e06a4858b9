import * as z from 'zod';
import { jobIdSchema, runIdSchema, type JobId, type RunId } from '../core/ids.ts';
import { hostNameSchema, roleNameSchema } from '../core/names.ts';
import { parseJsonAs } from '../core/parse-json-as.ts';
import { destinationSchema } from '../core/run.ts';
import { signedByKeySchema } from '../core/signed.ts';
import type { Release } from './broker.ts';
import { readTime, replies, type Link } from './link.ts';
import type { DrivingHeld, Lock, RolloutBroker, StoredStep, TurnAnswer, TurnRequest } from './rollout-broker.ts';
import { GRANT_TURNS, KEEP_DRIVING, TAKE_DRIVING, WHO_DRIVES, WRITE_ENTRY } from './rollout-scripts.ts';
import { RUN_LIFETIME_MS } from './run-store.ts';

/** How long a driver that says nothing is left alone. */
const LEASE_MS = 10_000;
const AT_ONCE = 500;

export function rolloutBroker(link: Link): RolloutBroker {
  const { ask, keys } = link;
  return {
    keepOrders: (run, orders) => keepOrders(link, run, orders),
    announce: async (run, until) => void (await ask((client) => client.zadd(keys.rollouts, until, run))),
    announced: async () => {
      await ask(async (client) => await client.zremrangebyscore(keys.rollouts, '-inf', await readTime(client)));
      const ids = await ask((client) => client.zrange(keys.rollouts, 0, '-1'));
      return ids.flatMap((id) => runIdSchema.safeParse(id).data ?? []);
    },
    conclude: async (run) => void (await ask((client) => client.zrem(keys.rollouts, run))),
    saveStep: async (run, record) => {
      await ask((client) => client.set(keys.run(run), JSON.stringify(record), 'PX', RUN_LIFETIME_MS));
    },
    keptOrders: (run, jobs) => keptOrders(link, run, jobs),
    takeDriving: async (run, { by, owner }) => {
      const answer = await ask((client) =>
        client.eval(TAKE_DRIVING, 1, keys.driver(run), owner, by, LEASE_MS, RUN_LIFETIME_MS),
      );
      const [token, holder, forMs] = tokenAnswer.parse(answer);
      return token > 0 ? { token } : { by: holder ?? '', forMs: forMs ?? 0 };
    },
    drivenBy: async (run) => {
      const answer = z
        .array(z.union([z.string(), z.number()]))
        .parse(await ask((client) => client.eval(WHO_DRIVES, 1, keys.driver(run))));
      const [by, forMs] = answer;
      return by === undefined ? null : ({ by: String(by), forMs: Number(forMs) } satisfies DrivingHeld);
    },
    keepDriving: async (run, token) =>
      (await ask((client) => client.eval(KEEP_DRIVING, 1, keys.driver(run), token, LEASE_MS))) === 1,
    dropDriving: async (run, token) => {
      await ask((client) => client.eval(KEEP_DRIVING, 1, keys.driver(run), token, 0));
    },
    grantTurns: (request) => grantTurns(link, request),
    writeEntry: async (run, token, text) =>
      (await ask((client) =>
        client.eval(WRITE_ENTRY, 2, keys.driver(run), keys.rollout(run), token, text, RUN_LIFETIME_MS),
      )) === 1,
    addAct: async (run, { text, signature, key }) => {
      const history = keys.rollout(run);
      await ask(async (client) => {
        const adding = client.multi().xadd(history, '*', 'act', text, 'signature', signature, 'key', key);
        replies(await adding.pexpire(history, RUN_LIFETIME_MS).exec());
      });
    },
    history: (run, after) => readHistory(link, run, after),
    locks: async () => {
      const stored = await ask((client) => client.hgetall(keys.locks));
      return Object.values(stored).flatMap((text) => parseJsonAs(lockSchema, text) ?? []);
    },
    freeLocks: async (locks) => {
      const fields = locks.map(({ host, run }) => `${host} ${run}`);
      if (fields.length > 0) await ask((client) => client.hdel(keys.locks, ...fields));
    },
  };
}

const tokenAnswer = z.tuple([z.int(), z.string().optional(), z.int().optional()]);
const releaseSchema: z.ZodType<Release> = z.strictObject({
  job: jobIdSchema,
  to: destinationSchema,
  envelope: z.string(),
});
const lockSchema: z.ZodType<Lock> = z.strictObject({
  host: hostNameSchema,
  run: runIdSchema,
  // A script of Redis writes an empty list as {}.
  roles: z.array(roleNameSchema).or(z.strictObject({}).transform(() => [])),
  alone: z.boolean(),
  at: z.number(),
  until: z.number(),
});

async function keepOrders({ ask, keys }: Link, run: RunId, orders: readonly Release[]): Promise<void> {
  const key = keys.orders(run);
  for (let start = 0; start < orders.length; start += AT_ONCE) {
    const fields = orders.slice(start, start + AT_ONCE).flatMap((order) => [order.job, JSON.stringify(order)]);
    await ask(async (client) =>
      replies(
        await client
          .multi()
          .hset(key, ...fields)
          .pexpire(key, RUN_LIFETIME_MS)
          .exec(),
      ),
    );
  }
}

async function keptOrders({ ask, keys }: Link, run: RunId, jobs: readonly JobId[]): Promise<readonly Release[]> {
  const kept: Release[] = [];
  for (let start = 0; start < jobs.length; start += AT_ONCE) {
    const texts = await ask((client) => client.hmget(keys.orders(run), ...jobs.slice(start, start + AT_ONCE)));
    kept.push(...texts.flatMap((text) => parseJsonAs(releaseSchema, text) ?? []));
  }
  return kept;
}

const turnAnswer = z.tuple([z.enum(['granted', 'lost', 'cancelled'])], hostNameSchema);

async function grantTurns({ ask, keys }: Link, { run, token, ...request }: TurnRequest): Promise<TurnAnswer> {
  const text = JSON.stringify({ run, ...request, limits: Object.fromEntries(request.limits) });
  const used = [keys.driver(run), keys.rollout(run), keys.cancel(run), keys.locks];
  const answer = await ask((client) => client.eval(GRANT_TURNS, used.length, ...used, token, RUN_LIFETIME_MS, text));
  const [kind, ...hosts] = turnAnswer.parse(answer);
  return kind === 'granted' ? { kind, hosts } : { kind };
}

async function readHistory({ ask, keys }: Link, run: RunId, after: string | null): Promise<readonly StoredStep[]> {
  const steps: StoredStep[] = [];
  for (let from = after; ;) {
    const start = from === null ? '-' : `(${from}`;
    const page = await ask((client) => client.xrange(keys.rollout(run), start, '+', 'COUNT', AT_ONCE));
    steps.push(...page.flatMap(toStep));
    if (page.length < AT_ONCE) return steps;
    from = page.at(-1)?.[0] ?? from;
  }
}

/** Nothing for what is neither. */
function toStep([id, fields]: readonly [id: string, fields: readonly string[]]): readonly StoredStep[] {
  const [name, text = '', , signature = '', , key = ''] = fields;
  const at = Number(id.split('-')[0]);
  if (name === 'entry') return [{ id, at, kind: 'entry', text }];
  const act = signedByKeySchema.safeParse({ text, signature, key }).data;
  return act === undefined ? [] : [{ id, at, kind: 'act', act }];
}
