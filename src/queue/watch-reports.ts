import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerSettings } from '../core/broker-settings.ts';
import type { ControllerBroker } from './broker.ts';
import { openFailFastLink, type FailFastLink } from './fail-fast-link.ts';
import { limitAnswers, type AnswerLimit } from './limit-answers.ts';
import type { Link } from './link.ts';
import { MOST_STREAM_BYTES } from './oversized-streams.ts';
import { awaitReports, readReports } from './report-store.ts';

/**
 * How long to let reports gather after some came: when thousands of hosts report at once, a read that asks for all their
 * streams must not be made for each report. One host is read without delay.
 */
const MOST_GATHER_MS = 100;
const HOSTS_PER_MS = 50;

type Watch = FailFastLink & { readonly limit: AnswerLimit };

/**
 * Waits for reports on a connection of its own, made when first needed: one that waits answers nothing else. After an
 * error it is given up, because what it still waits for would come before the next question. So it is when more comes
 * than can be taken at once: then the reports are read from `link`, page by page and without those that are too large.
 */
export function watchReports(
  settings: BrokerSettings,
  link: Link,
): AsyncDisposable & Pick<ControllerBroker, 'awaitReports'> {
  let watch: Promise<Watch> | null = null;
  let readAt = -Infinity;
  const giveUp = async (): Promise<void> => {
    const given = watch;
    watch = null;
    // One that never opened has closed itself.
    const opened = await given?.catch(() => null);
    await opened?.[Symbol.asyncDispose]();
  };
  return {
    awaitReports: async (question, waitMs) => {
      watch ??= openWatch(settings);
      try {
        const { askFor, keys, limit } = await watch;
        const gatherMs = Math.min(MOST_GATHER_MS, Math.floor(question.hosts.length / HOSTS_PER_MS));
        const restMs = readAt + gatherMs - performance.now();
        if (restMs > 0) await sleep(restMs);
        const passed = limit.passed();
        const asked = askFor(waitMs, (client) => awaitReports(client, keys, { question, ms: waitMs }));
        const page = await Promise.race([asked, passed]);
        if (page === null) {
          await giveUp();
          return await readReports(link, question);
        }
        if (page.reports.length > 0) readAt = performance.now();
        return page;
      } catch (error) {
        await giveUp();
        throw error;
      }
    },
    [Symbol.asyncDispose]: giveUp,
  };
}

async function openWatch(settings: BrokerSettings): Promise<Watch> {
  const link = await openFailFastLink(settings);
  return { ...link, limit: limitAnswers(link.client, MOST_STREAM_BYTES) };
}
