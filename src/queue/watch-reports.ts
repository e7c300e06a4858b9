import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerSettings } from '../core/broker-settings.ts';
import type { ControllerBroker } from './broker.ts';
import { openFailFastLink, type FailFastLink } from './fail-fast-link.ts';
import { awaitReports } from './report-store.ts';

/**
 * How long to let reports gather after some came: when thousands of hosts report at once, a read that asks for all their
 * streams must not be made for each report. One host is read without delay.
 */
const MOST_GATHER_MS = 100;
const HOSTS_PER_MS = 50;

/**
 * Waits for reports on a connection of its own, made when first needed: one that waits answers nothing else. After an
 * error it is given up, because what it still waits for would come before the next question.
 */
export function watchReports(settings: BrokerSettings): AsyncDisposable & Pick<ControllerBroker, 'awaitReports'> {
  let link: Promise<FailFastLink> | null = null;
  let readAt = -Infinity;
  const giveUp = async (): Promise<void> => {
    const given = link;
    link = null;
    // One that never opened has closed itself.
    const opened = await given?.catch(() => null);
    await opened?.[Symbol.asyncDispose]();
  };
  return {
    awaitReports: async (question, waitMs) => {
      link ??= openFailFastLink(settings);
      try {
        const { askFor, keys } = await link;
        const gatherMs = Math.min(MOST_GATHER_MS, Math.floor(question.hosts.length / HOSTS_PER_MS));
        const restMs = readAt + gatherMs - performance.now();
        if (restMs > 0) await sleep(restMs);
        const page = await askFor(waitMs, (client) => awaitReports(client, keys, { question, ms: waitMs }));
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
