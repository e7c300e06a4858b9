import type { JobId } from '../core/ids.ts';

/** The jobs a worker has in hand, so that a second delivery of one joins the first. */
export type UnderWay = {
  /** Takes the job in hand until `work` settles; when it is in hand already, settles as that does. */
  readonly once: (job: JobId, work: () => Promise<void>) => Promise<void>;
  /** Resolves when nothing that is in hand now is any more; never rejects. */
  readonly settled: () => Promise<void>;
};

export function createUnderWay(): UnderWay {
  const jobs = new Map<JobId, Promise<void>>();
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
    settled: async () => {
      await Promise.allSettled(jobs.values());
    },
  };
}
