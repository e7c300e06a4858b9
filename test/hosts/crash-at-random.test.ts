import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertOneTrueResult, beginInstall, freshHost, signalOnHost, type Victim } from '../support/crash-scene.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';

/**
 * Kills at random moments: as many rounds as CELEROOT_CRASH_ROUNDS says, from the seed CELEROOT_CRASH_SEED on. A
 * round that failed is repeated with its seed and one round.
 */
const ROUNDS = Number(process.env['CELEROOT_CRASH_ROUNDS'] ?? 5);
const FIRST_SEED = Number(process.env['CELEROOT_CRASH_SEED'] ?? 1);

const PACKAGES = ['lab-app', 'lab-lib', 'lab-conf', 'lab-slow', 'lab-slow-unpack'];
const TARGETS: readonly (readonly Victim[])[] = [
  ['worker'],
  ['executor'],
  ['apt'],
  ['dpkg'],
  ['executor', 'apt'],
  ['executor', 'apt', 'dpkg', 'script'],
  ['worker', 'executor', 'apt', 'dpkg', 'script'],
];
/** From before the executor starts until about when the install is done. */
const SPAN_MS = 5000;

let lab: TestLab;
let host: TestHost;

before(async () => {
  lab = await openLab({ hosts: 1, workers: false });
  [host = assert.fail('the lab has no host')] = lab.hosts;
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

for (let seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed += 1) {
  const random = randomFrom(seed);
  const kills = Array.from({ length: 1 + Math.floor(random() * 2) }, () => ({
    afterMs: Math.floor(random() * SPAN_MS),
    victims: TARGETS[Math.floor(random() * TARGETS.length)] ?? [],
  }));
  const plan = kills.map(({ afterMs, victims }) => `${victims.join('+')} after ${afterMs} ms`).join(', then ');

  test(`seed ${seed}: one true result in spite of kill -9 of ${plan}`, { timeout: 120_000 }, async () => {
    await freshHost(host);
    const run = beginInstall(lab, host, PACKAGES);
    for (const { afterMs, victims } of kills) {
      await sleep(afterMs);
      await signalOnHost(host, 'KILL', victims);
      if (!victims.includes('worker')) continue;
      await host.killWorker();
      await host.startWorker();
    }

    await assertOneTrueResult(host, run, PACKAGES);
  });
}

/** Numbers from 0 to 1, the same for a seed every time (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
