import { readFile, rm } from 'node:fs/promises';
import { type BrokerNode, formatNode } from '../core/broker-settings.ts';
import type { EmbeddedFiles } from '../core/embedded-files.ts';
import { RejectedError } from '../core/errors.ts';
import { hasCode } from '../core/system-error.ts';
import { writeDurably } from '../host/durable-file.ts';

/** Where a Redis listens for hosts elsewhere, and the environment that is in its users' names. */
export type Listening = { readonly node: BrokerNode; readonly environment: string | null };

/** Writes down what a Redis is started for; nothing for its socket alone. */
export async function noteListening({ listening }: EmbeddedFiles, listen: Listening | null): Promise<void> {
  if (listen === null) return await rm(listening, { force: true });
  await writeDurably(listening, noteOf(listen));
}

/** How the Redis that runs was started otherwise than the configuration says; null when it was not, or only root knows. */
export async function whyNotSameListening(files: EmbeddedFiles, listen: Listening | null): Promise<string | null> {
  const noted = await readFile(files.listening, 'utf8').catch((error: unknown) =>
    hasCode(error, 'ENOENT') ? '' : null,
  );
  if (noted === null || noted === noteOf(listen)) return null;
  const [running, wanted] = [noted, noteOf(listen)].map((note) => note.trim() || 'its socket alone');
  return `the Redis that runs here was started to listen at ${running}, and the configuration says now ${wanted}`;
}

/** What has a Redis that runs be started as the configuration says now. */
export const RESTART_REDIS = 'stop it with  celeroot down,  then  celeroot up  again; it keeps what it has';

/** @throws RejectedError BROKER_RUNS when the Redis that runs was started for something else. */
export async function requireSameListening(files: EmbeddedFiles, listen: Listening | null): Promise<void> {
  const why = await whyNotSameListening(files, listen);
  if (why !== null) throw new RejectedError('BROKER_RUNS', why, { hint: RESTART_REDIS });
}

function noteOf(listen: Listening | null): string {
  if (listen === null) return '';
  const { node, environment } = listen;
  return `${formatNode(node)}${environment === null ? '' : ` for the environment ${environment}`}\n`;
}
