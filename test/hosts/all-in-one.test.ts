import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLab, type TestHost } from '../support/lab.ts';

for (const systemd of [false, true]) {
  const where = systemd ? 'with systemd' : 'without systemd';

  test(`up makes a machine ${where} a fleet of one, down leaves nothing running`, async () => {
    await using lab = await openLab({ hosts: 1, workers: false, systemd });
    const [host = assert.fail('the lab has no host')] = lab.hosts;
    await host.must(['apt-get', 'update', '--error-on=any']);
    await host.must(['apt-get', '-y', 'install', 'hello-lab']);
    await lab.publish('updates');
    const before = await host.must(['dpkg-query', '-W']);

    const up = await host.must(['celeroot', 'up']);

    assert.match(up, /^web1 +hello-lab +1\.1 +2\.0 /m);
    assert.match(await host.must(['celeroot', 'hosts', 'ls']), /^web1 +server +online +debian 12/m);
    assert.equal(await host.must(['dpkg-query', '-W']), before, 'up changed an installed package');
    assert.match(await host.must(['celeroot', 'up']), /Redis runs already[^]*the worker of web1 runs already/);

    await host.must(['sed', '-i', 's/^fleet: .*/fleet: another/', 'celeroot.yaml']);
    const other = await host.run(['celeroot', 'up']);
    assert.equal(other.code, 5);
    assert.match(other.stderr, /error\[WORKER_RUNS\]: the worker that runs here, of web1 in fleet web1,/);
    assert.match(other.stderr, /hint: stop it with {2}celeroot down/);
    await host.must(['sed', '-i', 's/^fleet: .*/fleet: web1/', 'celeroot.yaml']);

    await host.must(['celeroot', 'apt', 'install', 'lab-app', '--host', 'web1']);
    assert.match(await host.must(['dpkg-query', '-W', 'lab-app']), /2\.0/);

    await host.must(['celeroot', 'down']);

    assert.deepEqual(await leftRunning(host), []);
    const away = await host.run(['celeroot', 'system', 'ping', '--all']);
    assert.equal(away.code, 4);
    assert.match(away.stderr, /hint:.*celeroot up/);
    assert.match(await host.must(['celeroot', 'down']), /no worker was running\nno Redis was running/);
  });
}

/** Processes of celeroot or Redis on the host. */
async function leftRunning(host: TestHost): Promise<readonly string[]> {
  const processes = await host.must(['ps', '-eo', 'args=']);
  return processes.split('\n').filter((line) => /celeroot|redis/.test(line) && !line.includes('ps -eo'));
}
