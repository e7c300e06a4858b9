import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DAYS, NO_WORD, ownerPolicySchema, vetoOf, type Intent, type OwnersWord } from './owner-policy.ts';

const MONDAY_NOON = { day: 1, minute: 12 * 60 };
const install: Intent = {
  task: 'apt.install',
  changesHost: true,
  dryRun: false,
  begun: false,
  operators: 1,
  at: MONDAY_NOON,
};

function word(policy: object): OwnersWord {
  return { policy: ownerPolicySchema.parse({ version: 1, ...policy }), problem: null, given: true };
}

function verdict(policy: object, intent: Partial<Intent> = {}): string {
  return vetoOf(word(policy), { ...install, ...intent })?.code ?? 'allowed';
}

describe('the owner of a host', () => {
  const night = { hours: [{ days: ['sun', 'mon'], from: '22:00', to: '05:00' }] };
  const cases: readonly (readonly [what: string, code: string, object, Partial<Intent>?])[] = [
    ['denies a task', 'POLICY_DENIED', { deny: { tasks: ['apt.install'] } }],
    ['denies a group of tasks', 'POLICY_DENIED', { deny: { tasks: ['apt.*'] } }],
    [
      'denies also to look',
      'POLICY_DENIED',
      { deny: { tasks: ['audit.read'] } },
      { task: 'audit.read', changesHost: false },
    ],
    ['denies also the dry run of it', 'POLICY_DENIED', { deny: { tasks: ['apt.install'] } }, { dryRun: true }],
    ['denies it also when it had begun', 'POLICY_DENIED', { deny: { tasks: ['apt.install'] } }, { begun: true }],
    ['denies no other task', 'allowed', { deny: { tasks: ['apt.remove', 'system.*'] } }],
    ['wants a second operator', 'SECOND_SIGNER_NEEDED', { two_signers: ['apt.*'] }],
    ['has two operators', 'allowed', { two_signers: ['apt.*'] }, { operators: 2 }],
    ['wants no second one for a dry run', 'allowed', { two_signers: ['apt.*'] }, { dryRun: true }],
    ['lets nothing begin at noon', 'OUTSIDE_HOURS', night],
    ['lets what has begun be finished at noon', 'allowed', night, { begun: true }],
    ['lets a dry run begin at noon', 'allowed', night, { dryRun: true }],
    ['lets what changes nothing begin at noon', 'allowed', night, { changesHost: false }],
    ['lets it begin in the evening', 'allowed', night, at(1, '22:00')],
    ['lets it begin in the night after that day', 'allowed', night, at(2, '04:59')],
    ['lets it no more in the morning', 'OUTSIDE_HOURS', night, at(2, '05:00')],
    ['lets it not in the night before the first day', 'OUTSIDE_HOURS', night, at(0, '04:59')],
    [
      'lets it in the night after the last day of the week',
      'allowed',
      { hours: [{ days: ['sat'], from: '23:00', to: '01:00' }] },
      at(0, '00:30'),
    ],
    ['lets it all of a day', 'allowed', { hours: [{ days: ['mon'], from: '00:00', to: '24:00' }] }, at(1, '23:59')],
    ['lets it on any day without days', 'allowed', { hours: [{ from: '11:00', to: '13:00' }] }, at(6, '12:00')],
    [
      'lets it in any of several windows',
      'allowed',
      {
        hours: [
          { from: '01:00', to: '02:00' },
          { from: '12:00', to: '12:01' },
        ],
      },
    ],
  ];
  for (const [what, code, policy, intent] of cases) test(what, () => assert.equal(verdict(policy, intent), code));

  function at(day: number, time: string): Partial<Intent> {
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    return { at: { day, minute: hours * 60 + minutes } };
  }

  test('says when it may begin', () => {
    assert.equal(
      vetoOf(word(night), install)?.message,
      'it is mon 12:00 on this host; what changes it may begin sun, mon 22:00–05:00',
    );
  });

  test('who says nothing has nothing against it', () => assert.equal(vetoOf(NO_WORD, install), null));

  test('whose policy cannot be read lets nothing change the host', () => {
    const broken: OwnersWord = { policy: null, problem: 'policy.yaml:1:1: no' };
    assert.deepEqual(vetoOf(broken, install), { code: 'POLICY_UNUSABLE', message: 'policy.yaml:1:1: no' });
    assert.equal(vetoOf(broken, { ...install, begun: true })?.code, 'POLICY_UNUSABLE');
    assert.equal(vetoOf(broken, { ...install, dryRun: true }), null);
    assert.equal(vetoOf(broken, { ...install, changesHost: false }), null);
  });
});

test('a window is open for as many minutes of the week as it says', () => {
  const time = fc.nat(23 * 60 + 59);
  const text = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const window = fc
    .record({ days: fc.uniqueArray(fc.constantFrom(...DAYS), { minLength: 1 }), from: time, to: time })
    .filter(({ from, to }) => from !== to);
  fc.assert(
    fc.property(window, ({ days, from, to }) => {
      const policy = word({ hours: [{ days, from: text(from), to: text(to) }] });
      let open = 0;
      for (let minute = 0; minute < 7 * 1440; minute += 1) {
        const at = { day: Math.floor(minute / 1440), minute: minute % 1440 };
        if (vetoOf(policy, { ...install, at }) === null) open += 1;
      }
      assert.equal(open, days.length * ((to - from + 1440) % 1440));
    }),
    { numRuns: 100 },
  );
});
