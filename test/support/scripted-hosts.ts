import * as z from 'zod';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { jobIdSchema, runOf } from '../../src/core/ids.ts';
import { fleetNameSchema, hostNameSchema, type HostName } from '../../src/core/names.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import type { ReportEvent } from '../../src/core/report.ts';
import type { Consumer, Delivery, WorkerBroker } from '../../src/queue/broker.ts';
import { openWorkerBroker } from '../../src/queue/open.ts';
import { signStatement } from '../../src/trust/host-statement.ts';
import { readSigningKey } from '../../src/trust/key-file.ts';
import type { SigningKey } from '../../src/trust/key.ts';
import { sealReport } from '../../src/trust/sign-report.ts';
import { presence } from './exercise-broker.ts';
import { hostKeyFile } from './fleet-folder.ts';
import { waitUntil } from './redis.ts';
import { outcome } from './run-fixture.ts';

const fleet = fleetNameSchema.parse('test');
const ANNOUNCE_EVERY_MS = 20_000;

/** How a job ends. */
export type Answer = Outcome['status'] | Pick<Outcome, 'status' | 'data'>;

/** Decides how a host's job ends, and when: the job is under way until that settles. */
export type Script = (host: string, turn: number, task: string) => Promise<Answer> | Answer;

/**
 * Hosts that take orders from a real Redis, sign what they say, and do what a test says instead of the task. They keep
 * count of how many were at it at once.
 */
export class ScriptedHosts implements AsyncDisposable {
  /** Every order that a host began, in order; a host that begins one twice is in it twice. */
  readonly begun: string[] = [];
  /** The same with the task: `web1 apt.update`. */
  readonly orders: string[] = [];
  /** The most hosts that were at work at once, whatever the number of their jobs. */
  mostAtOnce = 0;
  script: Script = () => 'changed';
  readonly #broker: WorkerBroker;
  readonly #keys: ReadonlyMap<HostName, SigningKey>;
  readonly #done = new Set<string>();
  readonly #underWay = new Map<string, string>();
  readonly #consumers: Consumer[] = [];
  readonly #away = new Set<string>();
  #beat: NodeJS.Timeout | null = null;

  private constructor(broker: WorkerBroker, keys: ReadonlyMap<HostName, SigningKey>) {
    this.#broker = broker;
    this.#keys = keys;
  }

  /** Hosts of a fleet folder that has keys for them. */
  static async start(settings: BrokerSettings, folder: string, names: readonly string[]): Promise<ScriptedHosts> {
    const hosts = names.map((name) => hostNameSchema.parse(name));
    const keys = await Promise.all(hosts.map(async (host) => await readSigningKey(hostKeyFile(folder, host))));
    const byHost = new Map(hosts.map((host, index) => [host, keys[index]]));
    const known = new Map([...byHost].flatMap(([host, key]) => (key === undefined ? [] : [[host, key] as const])));
    const scripted = new ScriptedHosts(await openWorkerBroker(settings), known);
    for (const host of hosts) {
      scripted.#consumers.push(
        scripted.#broker.consume({ kind: 'host', host }, 10, async (delivery) => await scripted.#take(host, delivery)),
      );
    }
    await scripted.#announceAll();
    scripted.#beat = setInterval(() => void scripted.#announceAll(), ANNOUNCE_EVERY_MS);
    return scripted;
  }

  async leave(name: string): Promise<void> {
    this.#away.add(name);
    await this.#announce(hostNameSchema.parse(name));
  }

  async comeBack(name: string): Promise<void> {
    this.#away.delete(name);
    await this.#announce(hostNameSchema.parse(name));
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    await waitUntil(condition, what, 60_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#beat !== null) clearInterval(this.#beat);
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
    await this.#broker[Symbol.asyncDispose]();
  }

  /** As a host's ledger does, it lets the same order be delivered again and does it once. */
  async #take(host: HostName, { job, envelope }: Delivery): Promise<void> {
    if (this.#done.has(job)) return;
    this.#done.add(job);
    const task = taskOf(envelope);
    this.begun.push(host);
    this.orders.push(`${host} ${task}`);
    this.#underWay.set(job, host);
    this.mostAtOnce = Math.max(this.mostAtOnce, new Set(this.#underWay.values()).size);
    await this.#say(host, job, { kind: 'accepted' });
    const answer = await this.script(host, this.begun.length, task);
    this.#underWay.delete(job);
    const { status, data = null } = typeof answer === 'string' ? { status: answer } : answer;
    const failure = status === 'failed' ? { kind: 'x', message: 'its check failed', hint: null } : null;
    await this.#say(host, job, { kind: 'done', outcome: { ...outcome(status), data, failure } });
  }

  async #say(host: HostName, text: string, event: ReportEvent): Promise<void> {
    const job = jobIdSchema.parse(text);
    const key = this.#keys.get(host);
    if (key === undefined) return;
    await this.#broker.report(runOf(job), sealReport({ job, host, at: Date.now(), event }, key));
  }

  async #announceAll(): Promise<void> {
    await Promise.all([...this.#keys.keys()].map(async (host) => await this.#announce(host)));
  }

  async #announce(host: HostName): Promise<void> {
    const key = this.#keys.get(host);
    if (key === undefined) return;
    const said = { ...presence, seenAt: Date.now(), clockOffsetMs: 0, leaving: this.#away.has(host) };
    await this.#broker.announce(host, signStatement('presence', { fleet, host, said }, key));
  }
}

function taskOf(envelope: string): string {
  const { payload } = z.object({ payload: z.string() }).parse(JSON.parse(envelope));
  return z.object({ task: z.string() }).parse(JSON.parse(Buffer.from(payload, 'base64').toString())).task;
}
