import { Redis } from 'ioredis';
import * as z from 'zod';
import { makeSigningKey } from '../../src/trust/key.ts';
import { signText } from '../../src/trust/signed-text.ts';
import { bend, makeDice, scramble, type Dice } from './bend.ts';

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
  const enqueue = async (queue: string, job: string, order: string): Promise<void> => {
    const data = JSON.stringify({ order });
    const fields = ['name', 'order', 'data', data, 'opts', '{}', 'timestamp', '1', 'delay', '0', 'priority', '0'];
    await redis.hset(`${P}:${queue}:${job}`, ...fields);
    await redis.lpush(`${P}:${queue}:wait`, job);
    await redis.zadd(`${P}:${queue}:marker`, 0, '0');
  };
  const enqueueWhereItBelongs = async (order: string): Promise<void> => {
    const { id, to } = placeOf(order);
    await enqueue(to, id, order);
  };
  const queue = (): string => dice.pick([`host.${host()}`, 'role.web']);
  const jobId = (): string => `${run()}.${dice.pick([host(), '_any'])}`;
  return [
    ['a value again', async () => await redis.set(key(), lies.value().text)],
    ['a value in the place of another', async () => await setLie(redis, lies.moved(lies.value()))],
    ['a bent value', async () => await setLie(redis, lies.bentValue())],
    ['a value signed by a stranger', async () => await setLie(redis, lies.resignedValue())],
    ['a copy under another key', async () => await redis.copy(key(), key(), 'REPLACE')],
    ['an entry again', async () => await addLie(redis, lies.entry())],
    ['an entry in the stream of another', async () => await addLie(redis, { ...lies.entry(), key: lies.entry().key })],
    ['a bent entry', async () => await addLie(redis, lies.bentEntry())],
    ['an entry signed by a stranger', async () => await addLie(redis, lies.resignedEntry())],
    ['an order again', async () => await enqueue(queue(), jobId(), lies.order())],
    ['an order where it was', async () => await enqueueWhereItBelongs(lies.order())],
    ['a bent order', async () => await enqueueWhereItBelongs(lies.bentOrder())],
    ['a trust file', async () => await redis.hset(`${P}:trust`, `${dice.below(9)}`, scramble(lies.trust(), dice))],
    ['a newer trust file', async () => await redis.hset(`${P}:trust`, 'newest', `${dice.below(1e9)}`)],
    ['a run in the index', async () => await redis.zadd(`${P}:runs`, dice.below(4e12), scramble(run(), dice))],
    ['a run at another time', async () => await redis.zadd(`${P}:runs`, dice.below(4e12), run())],
    ['less', async () => await redis.del(key())],
    ['less later', async () => await redis.pexpire(key(), dice.below(50))],
    ['for ever', async () => await redis.persist(key())],
    ['a list', async () => await replace(redis, key(), async (name) => await redis.rpush(name, 'x', 'y'))],
    ['a hash', async () => await replace(redis, key(), async (name) => await redis.hset(name, 'report', '{}'))],
    ['much', async () => await redis.set(key(), '{"text":"'.padEnd(1 << 20, 'x'))],
    [
      'a long report',
      async () => await redis.xadd(lies.entry().key, '*', 'report', '['.repeat(1 << 18), 'signature', ''),
    ],
  ];
}

async function replace(redis: Redis, name: string, write: (name: string) => Promise<unknown>): Promise<void> {
  await redis.del(name);
  await write(name);
}

type Lie = { readonly key: string; readonly text: string };
type Entry = { readonly key: string; readonly fields: readonly string[] };

async function setLie(redis: Redis, { key, text }: Lie): Promise<void> {
  await redis.set(key, text);
}

async function addLie(redis: Redis, { key, fields }: Entry): Promise<void> {
  await redis.xadd(key, '*', ...fields);
}

type Lies = {
  /** What was said, where it was said. */
  readonly value: () => Lie;
  readonly bentValue: () => Lie;
  readonly resignedValue: () => Lie;
  /** The same where another host, or run, has said the same kind of thing. */
  readonly moved: (lie: Lie) => Lie;
  readonly entry: () => Entry;
  readonly bentEntry: () => Entry;
  readonly resignedEntry: () => Entry;
  readonly order: () => string;
  readonly bentOrder: () => string;
  readonly trust: () => string;
};

const signedSchema = z.looseObject({ text: z.string(), signature: z.string() });
const envelopeSchema = z.looseObject({ payload: z.string(), payloadType: z.string() });

/** Makes what looks like what was said, out of what was said. */
function makeLies({ dice, heard, operatorKey }: Means): Lies {
  const stranger = makeSigningKey();
  const claimed = (): string => dice.pick([stranger.id, operatorKey]);
  const values = (): readonly Lie[] =>
    heard.flatMap(({ command, args: [key = '', text = ''] }) =>
      command === 'set' && text.startsWith('{"text":') ? [{ key, text }] : [],
    );
  const value = (): Lie => dice.pick(values());
  const entry = (): Entry => {
    const added = heard.filter(({ command, args }) => command === 'xadd' && args.includes('signature'));
    const { args } = dice.pick(added);
    return { key: args[0] ?? '', fields: args.slice(args.indexOf('*') + 1) };
  };
  const order = (): string =>
    dice.pick(heard.flatMap(({ args }) => args.flatMap((arg) => (arg.startsWith('{"order":') ? [orderIn(arg)] : []))));
  return {
    value,
    entry,
    order,
    moved: ({ key, text }) => {
      const others = values().filter((other) => kindOf(other.key) === kindOf(key));
      return { key: dice.pick(others).key, text };
    },
    bentValue: () => {
      const { key, text } = value();
      const { text: said, ...rest } = signedSchema.parse(JSON.parse(text));
      const bent = JSON.stringify({ text: bend(said, dice), ...rest });
      return { key, text: dice.below(4) === 0 ? scramble(text, dice) : bent };
    },
    resignedValue: () => {
      const { key, text } = value();
      const { text: said, ...rest } = signedSchema.parse(JSON.parse(text));
      const by = 'key' in rest ? { key: claimed() } : {};
      return { key, text: JSON.stringify({ ...signText(typeOf(kindOf(key)), bend(said, dice), stranger), ...by }) };
    },
    bentEntry: () => {
      const { key, fields } = entry();
      const place = 1 + 2 * dice.pick([0, 0, dice.below(fields.length / 2)]);
      return { key, fields: fields.map((field, index) => (index === place ? bend(field, dice) : field)) };
    },
    resignedEntry: () => {
      const { key, fields } = entry();
      const [kind = '', text = '', , , ...by] = fields;
      const lie = signText(typeOf(kind), bend(text, dice), stranger);
      const said = [kind, lie.text, 'signature', lie.signature];
      return { key, fields: by.length === 0 ? said : [...said, 'key', claimed()] };
    },
    bentOrder: () => {
      const envelope = envelopeSchema.parse(JSON.parse(order()));
      const payload = Buffer.from(bend(Buffer.from(envelope.payload, 'base64').toString(), dice)).toString('base64');
      return JSON.stringify({ ...envelope, payload });
    },
    trust: () => dice.pick(heard.filter(({ args }) => args[0] === `${P}:trust` && args.length > 2)).args[2] ?? '',
  };
}

function kindOf(key: string): string {
  return key.split(':')[1] ?? '';
}

function typeOf(kind: string): string {
  return `application/vnd.celeroot.${kind}+json;v=1`;
}

const orderSchema = z.looseObject({ id: z.string(), to: z.looseObject({ host: z.string().optional() }) });

/** The queue and the id of the job that an order would be under if it were good. */
function placeOf(envelope: string): { readonly id: string; readonly to: string } {
  const { payload } = envelopeSchema.parse(JSON.parse(envelope));
  const { id, to } = orderSchema.parse(JSON.parse(Buffer.from(payload, 'base64').toString()));
  return { id, to: to.host === undefined ? 'role.web' : `host.${to.host}` };
}

function orderIn(data: string): string {
  return z.object({ order: z.string() }).parse(JSON.parse(data)).order;
}
