import { Redis } from 'ioredis';
import { makeSigningKey } from '../../src/trust/key.ts';
import { signText } from '../../src/trust/signed-text.ts';

/** One command of somebody else, as Redis ran it. */
export type Heard = { readonly command: string; readonly args: readonly string[] };

/** Somebody who controls Redis: sees all that is said there and can write anything, but has no key that anyone trusts. */
export type Adversary = AsyncDisposable & {
  readonly redis: Redis;
  /** What all others have written since it listens. */
  readonly heard: readonly Heard[];
  /** Keeps all that stands in Redis, to put it back. */
  readonly remember: () => Promise<void>;
  readonly restore: () => Promise<void>;
  /** Does one random thing; returns what, for whoever has to find out. */
  readonly strike: () => Promise<string>;
};

export type AdversaryOptions = {
  readonly port: number;
  readonly seed: number;
  /** Whose keys it goes for, also where there are none yet. */
  readonly hosts: readonly string[];
  readonly operatorKey: string;
};

const P = '{celeroot}';

export async function openAdversary({ port, seed, hosts, operatorKey }: AdversaryOptions): Promise<Adversary> {
  const redis = new Redis(port, '127.0.0.1');
  const monitor = await redis.monitor();
  const own = /addr=(\S+)/.exec(await redis.client('INFO'))?.[1];
  const heard: Heard[] = [];
  monitor.on('monitor', (_time: string, [command = '', ...args]: string[], source: string) => {
    if (source !== own) heard.push({ command: command.toLowerCase(), args: args.map(plain) });
  });
  const dice = makeDice(seed);
  const memory = new Map<string, Buffer>();
  const strikes = strikesOf({ redis, dice, heard, hosts, operatorKey, keys: () => [...memory.keys()] });
  return {
    redis,
    heard,
    remember: async () => {
      memory.clear();
      for (const key of await redis.keys('*')) memory.set(key, await redis.dumpBuffer(key));
    },
    restore: async () => {
      await redis.flushall();
      for (const [key, dump] of memory) await redis.restore(key, 0, dump);
    },
    strike: async () => {
      const [name, strike] = dice.pick(strikes);
      // Much of it does not fit what stands there.
      const answer = await strike().then(
        () => 'done',
        (error: unknown) => String(error),
      );
      return `${name}: ${answer}`;
    },
    [Symbol.asyncDispose]: async () => {
      monitor.disconnect();
      await redis.quit();
    },
  };
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };

/** Redis escapes what it tells, and the client takes only quotes out of that. */
function plain(told: string): string {
  const bytes = told.replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, letter = '') =>
    hex === undefined ? (ESCAPED[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString();
}

type Dice = { readonly below: (bound: number) => number; readonly pick: <T>(from: readonly T[]) => T };

/** The same numbers for the same seed (mulberry32). */
function makeDice(seed: number): Dice {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  const pick = <T>(from: readonly T[]): T => {
    const found = from[below(from.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  };
  return { below, pick };
}

type Means = {
  readonly redis: Redis;
  readonly dice: Dice;
  readonly heard: readonly Heard[];
  readonly hosts: readonly string[];
  readonly operatorKey: string;
  readonly keys: () => readonly string[];
};

function strikesOf(means: Means): readonly (readonly [string, () => Promise<unknown>])[] {
  const { redis, dice, hosts, keys } = means;
  const lies = makeLies(means);
  const host = (): string => dice.pick(hosts);
  const runs = (): readonly string[] => keys().flatMap((key) => /^\{celeroot\}:run:(\w{26})$/.exec(key)?.[1] ?? []);
  const run = (): string => dice.pick(runs());
  const key = (): string =>
    dice.pick([
      dice.pick(keys()),
      `${P}:presence:${host()}`,
      `${P}:facts:${host()}`,
      `${P}:run:${run()}`,
      `${P}:run:${run()}:cancel`,
      `${P}:run:${run()}:reports:${dice.pick([host(), ''])}`,
      `${P}:refusals:${host()}`,
    ]);
  const into = (kind: 'reports' | 'refusals'): string =>
    kind === 'reports' ? `${P}:run:${run()}:reports:${dice.pick([host(), ''])}` : `${P}:refusals:${host()}`;
  const enqueue = async (queue: string, job: string, order: string): Promise<void> => {
    const data = JSON.stringify({ order });
    const fields = ['name', 'order', 'data', data, 'opts', '{}', 'timestamp', '1', 'delay', '0', 'priority', '0'];
    await redis.hset(`${P}:${queue}:${job}`, ...fields);
    await redis.lpush(`${P}:${queue}:wait`, job);
    await redis.zadd(`${P}:${queue}:marker`, 0, '0');
  };
  const queue = (): string => dice.pick([`host.${host()}`, 'role.web']);
  const jobId = (): string => `${run()}.${dice.pick([host(), '_any'])}`;
  return [
    ['a value of another', async () => await redis.set(key(), lies.captured('value'))],
    ['an altered value', async () => await redis.set(key(), lies.altered(lies.captured('value')))],
    ['a value signed anew', async () => await redis.set(key(), lies.resigned())],
    ['a copy under another key', async () => await redis.copy(key(), key(), 'REPLACE')],
    ['a report of another', async () => await redis.xadd(into('reports'), '*', ...lies.entry('report', false))],
    ['an altered report', async () => await redis.xadd(into('reports'), '*', ...lies.entry('report', true))],
    ['a refusal of another', async () => await redis.xadd(into('refusals'), '*', ...lies.entry('refusal', false))],
    ['an altered refusal', async () => await redis.xadd(into('refusals'), '*', ...lies.entry('refusal', true))],
    ['an order again', async () => await enqueue(queue(), jobId(), lies.captured('order'))],
    ['an altered order', async () => await enqueue(queue(), jobId(), lies.altered(lies.captured('order')))],
    [
      'a trust file',
      async () => await redis.hset(`${P}:trust`, `${dice.below(9)}`, lies.altered(lies.captured('trust'))),
    ],
    ['a newer trust file', async () => await redis.hset(`${P}:trust`, 'newest', `${dice.below(1e9)}`)],
    ['a run in the index', async () => await redis.zadd(`${P}:runs`, dice.below(4e12), lies.altered(run()))],
    ['a run at another time', async () => await redis.zadd(`${P}:runs`, dice.below(4e12), run())],
    ['less', async () => await redis.del(key())],
    ['less later', async () => await redis.pexpire(key(), dice.below(50))],
    ['for ever', async () => await redis.persist(key())],
    ['a list', async () => await replace(redis, key(), async (name) => await redis.rpush(name, 'x', 'y'))],
    ['a hash', async () => await replace(redis, key(), async (name) => await redis.hset(name, 'report', '{}'))],
    ['much', async () => await redis.set(key(), '{"text":"'.padEnd(1 << 20, 'x'))],
    [
      'a long report',
      async () => await redis.xadd(into('reports'), '*', 'report', '['.repeat(1 << 18), 'signature', ''),
    ],
  ];
}

async function replace(redis: Redis, name: string, write: (name: string) => Promise<unknown>): Promise<void> {
  await redis.del(name);
  await write(name);
}

type Kind = 'value' | 'order' | 'trust';
type Lies = {
  readonly captured: (kind: Kind) => string;
  readonly altered: (text: string) => string;
  readonly resigned: () => string;
  readonly entry: (name: 'report' | 'refusal', alter: boolean) => string[];
};

const TYPES = ['run', 'presence', 'facts', 'refusal', 'report'].map(
  (kind) => `application/vnd.celeroot.${kind}+json;v=1`,
);

/** Makes what looks like what was said, out of what was said. */
function makeLies({ dice, heard, operatorKey }: Means): Lies {
  const stranger = makeSigningKey();
  const captured = (kind: Kind): string => {
    const texts = heard.flatMap(({ command, args }) => valuesIn(kind, command, args));
    return texts.length === 0 ? '' : dice.pick(texts);
  };
  const altered = (text: string): string => {
    const at = dice.below(text.length + 1);
    const other = dice.below(text.length + 1);
    return dice.pick([
      () => text.slice(0, at),
      () => text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << dice.below(7))) + text.slice(at + 1),
      () => text.slice(0, Math.min(at, other)) + text.slice(Math.max(at, other)),
      () => text.replaceAll('web1', 'web2'),
      () => text.replaceAll('web2', 'web1'),
      () => text.replaceAll(/\b(1[78]\d{11})\b/g, (time) => `${Number(time) + dice.below(1e6) - 5e5}`),
      () => text.replaceAll(/unchanged|cancelled/g, 'changed'),
      () => text.replace(/"key":"[^"]*"/, `"key":"${dice.pick([stranger.id, operatorKey])}"`),
      () => text + text,
    ])();
  };
  const textOf = (value: string): string => /^\{"text":("(?:[^"\\]|\\.)*")/.exec(value)?.[1] ?? '""';
  return {
    captured,
    altered,
    resigned: () => {
      const text: string = JSON.parse(textOf(captured('value')));
      const key = dice.pick([{ key: stranger.id }, { key: operatorKey }, {}]);
      return JSON.stringify({ ...signText(dice.pick(TYPES), altered(text), stranger), ...key });
    },
    entry: (name, alter) => {
      const entries = heard.filter(({ command, args }) => command === 'xadd' && args.includes(name));
      if (entries.length === 0) return [name, '{}'];
      const { args } = dice.pick(entries);
      const fields = args.slice(args.indexOf('*') + 1);
      if (!alter) return fields;
      const place = 1 + 2 * dice.below(fields.length / 2);
      return fields.map((field, index) => (index === place ? altered(field) : field));
    },
  };
}

function valuesIn(kind: Kind, command: string, args: readonly string[]): readonly string[] {
  const [name = '', second = '', third = ''] = args;
  if (kind === 'value') return command === 'set' && second.startsWith('{"text":') ? [second] : [];
  if (kind === 'trust') return command === 'hset' && name === `${P}:trust` ? [third] : [];
  return args.flatMap((arg) => (arg.startsWith('{"order":') ? [orderIn(arg)] : []));
}

function orderIn(data: string): string {
  const parsed: { readonly order?: unknown } = JSON.parse(data);
  return String(parsed.order);
}
