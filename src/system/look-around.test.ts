import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDisks, parseUnitNames } from './look-around.ts';

test('the words of a unit’s line after its name do not matter, nor does a dot before it', () => {
  const text =
    '● nginx.service loaded failed failed A web server. Of sorts.\n  -.mount not-found failed failed -.mount\n\n';

  assert.deepEqual(parseUnitNames(text), ['nginx.service', '-.mount']);
});

test('file systems that hold files are read from what df prints, and the root whatever it is', () => {
  const text = `Type        1B-blocks        Avail Mounted on
devtmpfs   4123410432   4123410432 /dev
ext4      20957446144   5368709120 /
xfs                 -            - /proc/odd
ext4      10000000000            0 /srv/a  b
squashfs     67108864            0 /snap/core/1
`;

  assert.deepEqual(parseDisks(text), [
    { mount: '/', bytes: 20_957_446_144, freeBytes: 5_368_709_120 },
    { mount: '/srv/a  b', bytes: 10_000_000_000, freeBytes: 0 },
  ]);
  assert.deepEqual(parseDisks('overlay 10 5 /\noverlay 10 5 /var/lib/docker/overlay2/x/merged\n'), [
    { mount: '/', bytes: 10, freeBytes: 5 },
  ]);
});

test('no text makes the parsers throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseDisks(text);
      parseUnitNames(text);
    }),
  );
});
