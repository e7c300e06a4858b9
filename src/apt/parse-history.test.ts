import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { aptTime, isHistoryFile, parseHistory } from './parse-history.ts';

const JOB = '01KBVJ5V0H8J0M2Z4Q6S8T0W1X.web1';

/** From Debian 12, with a run that was killed and one of celeroot. */
const CORPUS = `
Start-Date: 2026-05-09  07:28:46
Commandline: apt-get install -y tzdata
Requested-By: ada (1000)
Upgrade: tzdata:amd64 (2025b-0+deb12u1, 2025b-0+deb12u2)
End-Date: 2026-05-09  07:28:50

Start-Date: 2026-05-09  07:29:02
Commandline: apt-get -y --no-download -q -o APT::Cmd::Pattern-Only=true -o Celeroot::Job=${JOB} --no-remove install -- jq:amd64
Install: libonig5:amd64 (6.9.8-1, automatic), jq:amd64 (1.6-2.1+deb12u1)
Purge: g++:amd64 (4:12.2.0-3)

Start-Date: 2026-05-09  07:30:00
Commandline: /usr/bin/unattended-upgrade
Remove: a:all (1)
Error: Sub-process /usr/bin/dpkg returned an error code (1)
End-Date: 2026-05-09  07:30:01
`;

describe('a history.log', () => {
  const [upgrade, ours, unattended] = parseHistory(CORPUS);

  test('names what was done, when, by which command and for whom', () => {
    assert.deepEqual(upgrade, {
      start: '2026-05-09  07:28:46',
      end: '2026-05-09  07:28:50',
      commandLine: 'apt-get install -y tzdata',
      requestedBy: 'ada (1000)',
      job: null,
      changes: [{ action: 'Upgrade', package: 'tzdata:amd64', versions: '2025b-0+deb12u1, 2025b-0+deb12u2' }],
      moreChanges: 0,
      error: null,
    });
  });

  test('says by a mark whose job it was, and by a missing end that apt was killed', () => {
    assert.equal(ours?.job, JOB);
    assert.equal(ours.end, null);
    assert.deepEqual(
      ours.changes.map((change) => [change.action, change.package]),
      [
        ['Install', 'libonig5:amd64'],
        ['Install', 'jq:amd64'],
        ['Purge', 'g++:amd64'],
      ],
    );
  });

  test('says what went wrong', () => {
    assert.equal(unattended?.error, 'Sub-process /usr/bin/dpkg returned an error code (1)');
    assert.equal(unattended.requestedBy, null);
  });

  test('with a line end in its command line has its first fields counted', () => {
    const [run] = parseHistory(
      'Start-Date: 2026-05-09  07:28:46\nCommandline: apt-get x\nCommandline: y\nEnd-Date: z\n',
    );

    assert.equal(run?.commandLine, 'apt-get x');
  });

  test('gives no mark for one that is part of a name', () => {
    for (const line of ['apt-get install Celeroot::Job=x', 'apt-get -o XCeleroot::Job=x install a']) {
      assert.equal(parseHistory(`Start-Date: d\nCommandline: ${line}\n`)[0]?.job, null);
    }
  });

  test('of any text is read without throwing, and no entry is lost', () => {
    const piece = fc.oneof(
      fc.constantFrom('Start-Date: 2026-05-09  07:28:46', 'Commandline: a', 'Install: a:b (1), c', 'End-Date: x', ''),
      fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll(/\n/g, '').replace(/^Start-Date/, '')),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (lines) => {
        const begun = lines.filter((line) => line.startsWith('Start-Date: ')).length;
        assert.equal(parseHistory(lines.join('\n')).length, begun);
      }),
    );
  });

  test('what is made of entries is read back', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{0,20}:amd64$/);
    const version = fc.stringMatching(/^[0-9][A-Za-z0-9.+~-]{0,20}$/);
    const changes = fc.array(fc.tuple(name, version, version), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(changes, (upgrades) => {
        const list = upgrades.map(([each, from, to]) => `${each} (${from}, ${to})`).join(', ');
        const [run] = parseHistory(`\nStart-Date: 2026-05-09  07:28:46\nUpgrade: ${list}\n`);
        assert.deepEqual(
          run?.changes.map((change) => [change.package, change.versions]),
          upgrades.map(([each, from, to]) => [each, `${from}, ${to}`]),
        );
      }),
    );
  });
});

test('a date is local time, with two blanks', () => {
  assert.equal(aptTime('2026-05-09  07:28:46'), new Date(2026, 4, 9, 7, 28, 46).getTime());
  for (const text of ['', '2026-05-09', '2026-05-09T07:28:46Z', 'x 2026-05-09  07:28:46']) {
    assert.equal(aptTime(text), null);
  }
});

test('rotated histories are histories, other logs are not', () => {
  const names = ['history.log', 'history.log.1', 'history.log.12.gz', 'history.log-20260501.gz'];
  assert.deepEqual(names.filter(isHistoryFile), names);
  assert.deepEqual(['term.log', 'history.log.bak', 'xhistory.log', 'history.log.1.xz'].filter(isHistoryFile), []);
});
