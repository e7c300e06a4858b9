import { RedisQueueBackend } from 'bullmq';

/** KEYS: job, its lock, active, stalled. ARGV: id, token. Ends nothing when the lock is another's by now, or over. */
const END_JOB = `
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('LREM', KEYS[3], 1, ARGV[1])
redis.call('SREM', KEYS[4], ARGV[1])
return 1
`;

const COMMAND = 'endRoleJob';

type Finish = RedisQueueBackend['moveToCompleted'];
type FinishFailed = RedisQueueBackend['moveToFailed'];

/**
 * Ends a job of a role's queue without looking at what it says. Each host of the role may write there, and BullMQ's own
 * script would follow the parent that a job names into any queue, with the rights of the host that runs it. Of the
 * scripts of BullMQ 6.7 that a worker runs, it is the only one that leaves its queue. Failed jobs are not kept, since
 * clearing them away follows their parents too.
 */
export class RoleQueueBackend extends RedisQueueBackend {
  override async moveToCompleted(...[job, , , token]: Parameters<Finish>): ReturnType<Finish> {
    return await this.#end(job.id ?? '', token);
  }

  override async moveToFailed(...[job, , , token]: Parameters<FinishFailed>): ReturnType<FinishFailed> {
    return await this.#end(job.id ?? '', token);
  }

  async #end(id: string, token: string): ReturnType<Finish> {
    const client = await this.queue.client;
    client.defineCommand(COMMAND, { numberOfKeys: 4, lua: END_JOB });
    const { active, stalled } = this.keys;
    await client.runCommand(COMMAND, [this.toKey(id), this.toKey(`${id}:lock`), active, stalled, id, token]);
    return { result: undefined, finishedOn: Date.now() };
  }
}
