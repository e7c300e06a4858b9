import type { JobId } from '../core/ids.ts';

/** The jobs a worker has in hand, so that a second delivery of one joins the first. */
export type UnderWay = {
  /** Takes the job in hand until `work` settles; when it is in hand already, settles as that does. */
  readonly once: (job: JobId, work: () => Promise<void>) => Promise<void>;
  /** Resolves when no job is in hand but this one, and others that wait for the same. */
  readonly alone: (job: JobId) => Promise<void>;
  /** Resolves when nothing that is in hand now is any more; never rejects. */
  readonly settled: () => Promise<void>;
};

export function createUnderWay(): UnderWay {
  const jobs = new Map<JobId, Promise<void>>();
  const waiting = new Set<JobId>();
  return {
    once: async (job, work) => {
      const known = jobs.get(job);
      if (known !== undefined) return await known;
      const done = work();
      jobs.set(job, done);
      try {
        return await done;
      } finally {
        jobs.delete(job);
      }
    },
    alone: async (job) => {
      waiting.add(job);
      try {
        for (;;) {
          const others = [...jobs].flatMap(([id, done]) => (waiting.has(id) ? [] : [done]));
          if (others.length === 0) return;
          await Promise.allSettled(others);
        }
      } finally {
        waiting.delete(job);
      }
    },
    settled: async () => {
      await Promise.allSettled(jobs.values());
    },
  };
}
