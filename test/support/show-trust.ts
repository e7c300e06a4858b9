import assert from 'node:assert/strict';
import type { ControllerBroker } from '../../src/queue/broker.ts';

/** Shows hosts this as the newest trust file, whatever was shown before and whoever signed it. */
export async function showTrust(controller: ControllerBroker, version: number, envelope: string): Promise<void> {
  assert.ok(await controller.publishTrust({ version, envelope }, await controller.shownTrust()));
}
