import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAutoMarks } from './parse-auto-marks.ts';
import { parseDpkgQuery } from './parse-dpkg-query.ts';
import { parseDpkgStatus } from './parse-dpkg-status.ts';
import { parseHistory } from './parse-history.ts';
import { parseOsRelease } from './parse-os-release.ts';
import { parsePackageFiles } from './parse-package-files.ts';
import { parsePolicy } from './parse-policy.ts';
import { parseSimulation } from './parse-simulation.ts';
import { parseStatusLine } from './parse-status-line.ts';

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  parseAutoMarks,
  parseDpkgQuery,
  parseDpkgStatus,
  parseHistory,
  parseOsRelease,
  parsePackageFiles,
  parsePolicy,
  parseSimulation,
  parseStatusLine,
};

/** Pieces of real output, in any order and cut anywhere. */
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'Inst a [1] (2 L:1/s [all])',
        'Inst a (',
        'Remv a [1]',
        'The following packages have been kept back:',
        '   a (1 => 2)',
        'a:',
        '  Candidate: 1',
        ' *** 1 100',
        '        500 x',
        ' 500 http://x y',
        '     release a=,b',
        'Package: a\nStatus: install ok installed\nVersion: 1',
        'Auto-Installed: 1',
        'a\tb\tii \t1\tno\tno',
        'pmstatus:a:1.0:t',
        'ID="x\\',
        '',
      ),
      fc.string({ unit: 'binary', maxLength: 30 }),
    ),
    { maxLength: 12 },
  )
  .chain((lines) => fc.tuple(fc.constant(lines.join('\n')), fc.nat()).map(([text, cut]) => text.slice(cut % 7)));

for (const [name, parse] of Object.entries(PARSERS)) {
  test(`${name} takes any text without throwing`, () => {
    fc.assert(fc.property(pieces, (text) => void parse(text)));
  });

  test(`${name} ends on 200,000 repetitions: no backtracking`, () => {
    for (const unit of [
      ' ',
      'a',
      '\n',
      ':',
      'a:',
      'Inst a (',
      'pmstatus:',
      '(',
      '[',
      ' 1 ',
      'a=,',
      'Start-Date: \nInstall: ',
      ', a (',
      '-o ',
    ]) {
      parse(unit.repeat(200_000));
    }
  });
}

test('what is read of a status line is bounded', () => {
  const line = parseStatusLine(`pmstatus:${'p'.repeat(5000)}:100:${'t'.repeat(5000)}`);
  assert.ok(line?.kind === 'package');
  assert.equal(line.package?.length, 256);
  assert.equal(line.text.length, 500);
});
