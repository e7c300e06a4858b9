import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSimulation } from './parse-simulation.ts';

const UPGRADE = `Reading package lists...
Building dependency tree...
Calculating upgrade...
The following packages will be REMOVED:
   oldapp (1.0)
The following NEW packages will be installed:
   secdep (1.0)
The following packages have been kept back:
   libm (1.0 => 2.0)
   native:i386 (1.0 => 1:2.0-1~x)
The following packages will be upgraded:
   openssl (3.0.15-1 => 3.0.16-1)
1 upgraded, 1 newly installed, 1 to remove and 2 not upgraded.
Remv oldapp [1.0]
Inst openssl [3.0.15-1] (3.0.16-1 Debian:12.11/stable, Debian-Security:12/stable-security [amd64]) [libssl3:amd64 on openssl:amd64]
Inst secdep (1.0 Celeroot:1/stable-updates [all])
Inst native:i386 [1.0] (1:2.0-1~x [i386])
Conf openssl (3.0.16-1 Debian:12.11/stable, Debian-Security:12/stable-security [amd64])
`;

test('a simulation says what is installed from where, removed and kept back', () => {
  const simulation = parseSimulation(UPGRADE);
  assert.deepEqual(simulation.installs, [
    {
      name: 'openssl',
      arch: 'amd64',
      from: '3.0.15-1',
      to: '3.0.16-1',
      origin: 'Debian:12.11/stable, Debian-Security:12/stable-security',
    },
    { name: 'secdep', arch: 'all', from: null, to: '1.0', origin: 'Celeroot:1/stable-updates' },
    { name: 'native', arch: 'i386', from: '1.0', to: '1:2.0-1~x', origin: '' },
  ]);
  assert.deepEqual(simulation.removals, [{ name: 'oldapp', arch: null, purge: false }]);
  assert.deepEqual(simulation.keptBack, [
    { name: 'libm', arch: null, from: '1.0', to: '2.0', phased: false },
    { name: 'native', arch: 'i386', from: '1.0', to: '1:2.0-1~x', phased: false },
  ]);
  assert.deepEqual(simulation.essential, []);
});

test('upgrades that wait for their turn are told apart where apt does so', () => {
  const { keptBack } = parseSimulation(`The following upgrades have been deferred due to phasing:
   cloud-init (23.1 => 23.2)
The following packages have been kept back:
   linux-generic (1.0 => 2.0)
0 upgraded, 0 newly installed, 0 to remove and 2 not upgraded.
`);
  assert.deepEqual(
    keptBack.map((kept) => [kept.name, kept.phased]),
    [
      ['linux-generic', false],
      ['cloud-init', true],
    ],
  );
});

test('a purge is told from a removal, and essential packages are named', () => {
  const simulation = parseSimulation(`The following packages will be REMOVED:
   apt* (2.6.1)
WARNING: The following essential packages will be removed.
This should NOT be done unless you know exactly what you are doing!
   apt (2.6.1)
   dpkg (1.21.23) (due to apt)
0 upgraded, 0 newly installed, 2 to remove and 0 not upgraded.
Purg apt [2.6.1]
Purg native:i386 [1.0]
`);
  assert.deepEqual(simulation.essential, ['apt', 'dpkg']);
  assert.deepEqual(simulation.removals, [
    { name: 'apt', arch: null, purge: true },
    { name: 'native', arch: 'i386', purge: true },
  ]);
});
