import type { ReportSink } from '../core/report.ts';

/** As much as one report takes (core/report.ts). */
const PIECE_LENGTH = 16_000;

/** Tells text as output of a job that has no output file, in pieces one after the other. */
export function outputTeller(sink: ReportSink): (text: string) => Promise<void> {
  let offset = 0;
  return async (text) => {
    for (let from = 0; from < text.length; from += PIECE_LENGTH) {
      const piece = text.slice(from, from + PIECE_LENGTH);
      const end = offset + Buffer.byteLength(piece);
      await sink({ kind: 'output', offset, end, text: piece });
      offset = end;
    }
  };
}
