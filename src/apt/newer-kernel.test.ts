import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newestAbove } from './newer-kernel.ts';

for (const [running, boot, expected] of [
  ['6.1.0-18-amd64', ['vmlinuz-6.1.0-18-amd64', 'vmlinuz-6.1.0-9-amd64'], null],
  ['6.1.0-9-amd64', ['vmlinuz-6.1.0-9-amd64', 'vmlinuz-6.1.0-18-amd64', 'vmlinuz-6.1.0-10-amd64'], '6.1.0-18-amd64'],
  ['6.1.0-9-amd64', ['config-6.1.0-18-amd64', 'initrd.img-6.1.0-18-amd64', 'vmlinuz'], null],
  ['6.1.0-9-amd64', ['vmlinuz-6.1.0-18-cloud-amd64', 'vmlinuz-6.5.0-1-rt-amd64'], null],
  ['5.10.0-0.deb10.16-amd64', ['vmlinuz-5.10.0-0.deb10.17-amd64'], '5.10.0-0.deb10.17-amd64'],
  ['6.12.41+deb13-amd64', ['vmlinuz-6.12.43+deb13-amd64'], '6.12.43+deb13-amd64'],
  ['5.15.0-105-generic', ['vmlinuz-5.15.0-107-generic', 'vmlinuz.old'], '5.15.0-107-generic'],
  ['6.18.44-fc-v669', ['vmlinuz-6.19.0-1-amd64'], null],
] as const) {
  test(`above ${running} of ${boot.join(', ')} is ${expected ?? 'none'}`, () => {
    assert.equal(newestAbove(running, boot), expected);
  });
}

test('the kernel found is one of those there, and above it there is none', () => {
  const release = fc
    .tuple(fc.nat({ max: 6 }), fc.nat({ max: 30 }), fc.constantFrom('amd64', 'cloud-amd64'))
    .map(([minor, abi, flavour]) => `6.${minor}.0-${abi}-${flavour}`);
  fc.assert(
    fc.property(release, fc.array(release), (running, there) => {
      const names = there.map((one) => `vmlinuz-${one}`);
      const found = newestAbove(running, names);
      assert.ok(found === null || there.includes(found));
      assert.equal(newestAbove(found ?? running, names), null);
    }),
  );
});
