import { appendFile, open } from 'node:fs/promises';
import type { ReportEvent, ReportSink } from '../core/report.ts';

/**
 * Opens the file the executor tells its events to, for appending. A line that a crash cut off is closed first, so
 * that the next event is not lost with it.
 */
export async function openEventLog(path: string): Promise<ReportSink> {
  if (await endsInMidLine(path)) await appendFile(path, '\n');
  return async (event: ReportEvent): Promise<void> => {
    await appendFile(path, `${JSON.stringify(event)}\n`, { mode: 0o600 });
  };
}

async function endsInMidLine(path: string): Promise<boolean> {
  await using file = await open(path, 'a+', 0o600);
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
  return buffer.toString() !== '\n';
}
