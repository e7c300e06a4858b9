import type { BrokerSettings } from '../core/broker-settings.ts';
import type { ControllerBroker } from './broker.ts';
import { openFailFastLink, type FailFastLink } from './fail-fast-link.ts';
import { awaitReports } from './report-store.ts';

/**
 * Waits for reports on a connection of its own, made when first needed: one that waits answers nothing else. After an
 * error it is given up, because what it still waits for would come before the next question.
 */
export function watchReports(settings: BrokerSettings): AsyncDisposable & Pick<ControllerBroker, 'awaitReports'> {
  let link: Promise<FailFastLink> | null = null;
  const giveUp = async (): Promise<void> => {
    const given = link;
    link = null;
    // One that never opened has closed itself.
    const opened = await given?.catch(() => null);
    await opened?.[Symbol.asyncDispose]();
  };
  return {
    awaitReports: async (id, cursor, waitMs) => {
      link ??= openFailFastLink(settings);
      try {
        const { askFor, keys } = await link;
        return await askFor(waitMs, (client) => awaitReports(client, keys.reports(id), { cursor, ms: waitMs }));
      } catch (error) {
        await giveUp();
        throw error;
      }
    },
    [Symbol.asyncDispose]: giveUp,
  };
}
