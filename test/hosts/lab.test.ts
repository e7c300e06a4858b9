import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hubPlace } from '../../lab/hub.ts';
import { upLab } from '../../lab/lab.ts';
import { findInit } from '../../lab/namespaces.ts';
import { openLab, type TestHost, type TestLab } from '../support/lab.ts';

let lab: TestLab;
let host: TestHost;

before(async () => {
  lab = await openLab({ hosts: 2, workers: false });
  [host = assert.fail('the lab has no host')] = lab.hosts;
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

test('a lab host installs a package from the signed repository', async () => {
  await host.must(['apt-get', 'update', '--error-on=any']);
  await host.must(['apt-get', '-y', 'install', 'hello-lab', 'lab-app']);

  assert.equal(await host.must(['hello-lab']), 'hello from the lab, version 1.1\n');
  const versions = await host.must(['dpkg-query', '-W', 'lab-app', 'lab-lib', 'lab-extras']);
  assert.equal(versions, 'lab-app\t1.0\nlab-extras\t1:1.0-1\nlab-lib\t1.0\n');
});

test('published updates are offered, the security suite apart', async () => {
  await host.reset();
  await host.must(['apt-get', 'update', '--error-on=any']);
  await host.must(['apt-get', '-y', 'install', 'hello-lab', 'lab-secure', 'lab-web']);

  await lab.publish('updates');
  await host.must(['apt-get', 'update', '--error-on=any']);

  const plan = await host.must(['apt-get', '-s', 'dist-upgrade']);
  assert.match(plan, /^Inst hello-lab \[1\.1\] \(2\.0 Lab:lab /m);
  assert.match(plan, /^Inst lab-secure \[1\.0\] \(1\.0\+deb1 Lab-Security:lab-security /m);
  assert.match(plan, /^Remv lab-engine1 /m);
  await lab.publish('base');
});

test('a reset host has forgotten everything, a rebooted host only what was in memory', async () => {
  await host.must(['sh', '-c', 'touch /var/lib/kept /run/lost']);
  const boot = await host.must(['cat', '/proc/sys/kernel/random/boot_id']);

  await host.reboot();

  const listed = await host.run(['ls', '/var/lib/kept', '/run/lost']);
  assert.equal(listed.stdout, '/var/lib/kept\n');
  assert.notEqual(await host.must(['cat', '/proc/sys/kernel/random/boot_id']), boot);

  await host.reset();

  assert.notEqual((await host.run(['ls', '/var/lib/kept'])).code, 0);
});

test('hosts reach the hub and each other but nothing outside the lab', async () => {
  const reach = (address: string, port: number): string[] => [
    'timeout',
    '5',
    'bash',
    '-c',
    `exec 3<>/dev/tcp/${address}/${port}`,
  ];
  const hub = host.address.replace(/\.\d+$/, '.1');

  assert.equal((await host.run(reach(hub, 6379))).code, 0);
  assert.match((await host.run(reach(lab.hosts[1]?.address ?? '', 9))).stderr, /Connection refused/);
  assert.match((await host.run(reach('192.0.2.1', 80))).stderr, /Network is unreachable/);
});

test('root on a host cannot set the clock of the machine', async () => {
  // To what it is, for the day this fails.
  const ran = await host.run(['sh', '-c', 'date --set "@$(date +%s)"']);

  assert.match(ran.stderr, /Operation not permitted/);
});

test('no host starts the SSH or the Redis server it has, not even when it boots systemd', async () => {
  await using booted = await openLab({ hosts: 1, workers: false, systemd: true });
  const knock = (port: number): string[] => ['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`];

  for (const each of [host, ...booted.hosts]) {
    await each.must(['test', '-x', '/usr/sbin/sshd']);
    for (const port of [22, 6379]) assert.match((await each.run(knock(port))).stderr, /Connection refused/);
  }
});

test('two labs at once do not touch each other', async () => {
  const other = await openLab({ hosts: 1, workers: false });
  assert.notEqual(other.hosts[0]?.address.split('.')[2], host.address.split('.')[2]);

  await other[Symbol.asyncDispose]();

  await host.must(['apt-get', 'update', '--error-on=any']);
});

test('a lab that lost its hub and a host is whole again after another up, and is removed without a trace', async () => {
  const other = await openLab({ hosts: 2, workers: false });
  const [first = assert.fail('the lab has no host')] = other.hosts;
  await first.must(['touch', '/var/lib/kept']);
  for (const place of [hubPlace(other.paths), join(other.paths.folder, 'hosts/web2')]) {
    process.kill(findInit(place) ?? assert.fail(`nothing runs at ${place}`), 'SIGKILL');
  }

  await upLab(other.paths, { hosts: 2, systemd: false });

  for (const each of other.hosts) await each.must(['apt-get', 'update', '--error-on=any']);
  await first.must(['ls', '/var/lib/kept']);
  process.kill(findInit(hubPlace(other.paths)) ?? assert.fail('the hub does not run'), 'SIGKILL');

  await other[Symbol.asyncDispose]();
});

test('a lab that leaves a process behind fails its test', async () => {
  const other = await openLab({ hosts: 1, workers: false });
  // The lab kills what is at or below its folder; this is beside it.
  const env = { ...process.env, CELEROOT_LAB_PLACE: `${other.paths.folder}-left` };
  const left = spawn('sleep', ['60'], { env });
  await once(left, 'spawn');

  await assert.rejects(async () => await other[Symbol.asyncDispose](), /processes of the lab are left/);

  left.kill('SIGKILL');
});

test('dead processes of a host are reaped', async () => {
  const orphan = await host.must(['sh', '-c', 'sh -c "exec sleep 0.1 >/dev/null" & echo $!']);

  const gone = `while kill -0 ${orphan.trim()} 2>/dev/null; do sleep 0.02; done`;
  await host.must(['timeout', '10', 'sh', '-c', gone]);
});
