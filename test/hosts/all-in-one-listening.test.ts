import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLab, type TestHost } from '../support/lab.ts';
import { waitUntil } from '../support/redis.ts';

const PORT = 6380;

/** What the lab gave the host of celeroot's fleet is taken away: it is to join another. */
async function forgetFleet(host: TestHost): Promise<void> {
  await host.must(['sh', '-c', 'systemctl stop celeroot-worker; rm -rf /etc/celeroot /var/lib/celeroot']);
}

test('up lets a second machine join the Redis of the first over TLS, and both outlive its crash, down and up, and a boot', async () => {
  await using lab = await openLab({ hosts: 2, workers: false, systemd: true });
  const [first = assert.fail('no host'), second = assert.fail('no second host')] = lab.hosts;
  for (const host of lab.hosts) await forgetFleet(host);
  const at = `${first.address}:${PORT}`;
  const celeroot = async (...args: readonly string[]): Promise<string> => await first.must(['celeroot', ...args]);
  await celeroot('init');
  await first.must(['sed', '-i', `s/^  embedded: true$/&\\n  listen: ${at}/`, 'celeroot.yaml']);
  await celeroot('hosts', 'add', first.name, '--role', 'server');

  await first.must(['sh', '-c', `setsid python3 -m http.server ${PORT} >/dev/null 2>&1 & echo $! >/run/other.pid`]);
  await waitUntil(async () => /:18EC /.test(await first.must(['cat', '/proc/net/tcp'])), 'the other program');
  const inUse = await first.run(['celeroot', 'up']);
  assert.equal(inUse.code, 1);
  assert.match(inUse.stderr, new RegExp(`did not start: another program listens at port ${PORT}\nhint: see which:`));
  await first.must(['sh', '-c', 'kill $(cat /run/other.pid)']);

  const up = await celeroot('up');

  assert.match(up, new RegExp(`^started Redis .*\nRedis listens at ${at.replaceAll('.', '\\.')}, with TLS\n`, 'm'));
  assert.match(up, new RegExp(`hosts add web2 --role server +another host, which reaches Redis at ${first.address}`));
  const listening = await first.must(['sh', '-c', 'cat /proc/net/tcp /proc/net/tcp6']);
  assert.equal(listening.match(/ 0A /g)?.length, 1, 'it listens at one port alone');

  await celeroot('hosts', 'add', second.name, '--address', second.address, '--role', 'server');
  const script = await celeroot('hosts', 'join', second.name, '--without-package');
  const answer = await second.must(['sh'], { input: script });
  const accepted = await first.must(['celeroot', 'hosts', 'accept', second.name], { input: answer });
  assert.match(accepted, new RegExp(`^${second.name} joined: `, 'm'));
  assert.match(await celeroot('system', 'ping', '--all'), /2 of 2 done/);
  const seen = await second.must(['sh', '-c', 'cat /etc/celeroot/worker.yaml']);
  assert.match(seen, new RegExp(`url: "?rediss://${at}/0"?\n`));
  assert.match(seen, /-----BEGIN CERTIFICATE-----/);

  const bothAnswer = async (): Promise<void> => {
    const ping = async (): Promise<string> => (await first.run(['celeroot', 'system', 'ping', '--all'])).stdout;
    await waitUntil(async () => /2 of 2 done/.test(await ping()), 'both hosts to be back');
  };
  const redis = await first.must(['cat', '/var/lib/celeroot/broker/redis.pid']);
  await first.must(['systemctl', 'kill', '--signal=KILL', 'celeroot-broker.service']);
  await waitUntil(async () => {
    const { code, stdout } = await first.run(['cat', '/var/lib/celeroot/broker/redis.pid']);
    return code === 0 && stdout !== '' && stdout !== redis;
  }, 'systemd to start Redis again');
  await bothAnswer();
  await celeroot('down');
  await celeroot('up');
  await bothAnswer();
  await first.must(['sh', '-c', /^ {2}(celeroot up --print-unit > .*)$/m.exec(up)?.[1] ?? 'false']);
  assert.doesNotMatch(await celeroot('up'), /print-unit/, 'it says how as long as it is not done');
  await first.reboot();
  await bothAnswer();

  await celeroot('hosts', 'retire', second.name, '--yes');
  assert.match(await celeroot('broker', 'acl', '--apply', '--yes'), /exactly these users already/);

  await first.must(['sed', '-i', `/^  listen: /d`, 'celeroot.yaml']);
  const otherwise = await first.run(['celeroot', 'up']);
  assert.equal(otherwise.code, 5);
  assert.match(otherwise.stderr, /^error\[BROKER_RUNS\]: .*\nhint: stop it with {2}celeroot down/m);
  await celeroot('down');
});
