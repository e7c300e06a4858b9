import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { outdatedServices } from './outdated-services.ts';

const LIBC = '7f00-7f01 r-xp 00000000 fd:01 1234    /usr/lib/x86_64-linux-gnu/libc.so.6';

type Process = { readonly cgroup: string; readonly maps: string };

/** A folder as proc(5) describes it. */
async function procOf(t: TestContext, processes: readonly Process[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-proc-'));
  t.after(async () => await rm(folder, { recursive: true }));
  await mkdir(join(folder, 'sys'));
  for (const [at, { cgroup, maps }] of processes.entries()) {
    await mkdir(join(folder, `${at + 1}`));
    await writeFile(join(folder, `${at + 1}`, 'cgroup'), `${cgroup}\n`);
    await writeFile(join(folder, `${at + 1}`, 'maps'), `7eff-7f00 r--p 00000000 fd:01 9 /usr/bin/x\n${maps}\n`);
  }
  return folder;
}

test('services of which a process runs deleted code are named once, in both layouts of control groups', async (t) => {
  const proc = await procOf(t, [
    { cgroup: '0::/system.slice/nginx.service', maps: `${LIBC} (deleted)` },
    { cgroup: '0::/system.slice/nginx.service', maps: `${LIBC} (deleted)` },
    {
      cgroup: '5:cpu:/\n1:name=systemd:/system.slice/system-db.slice/db@1.service/inner.service',
      maps: `${LIBC} (deleted)`,
    },
    { cgroup: '0::/system.slice/cron.service', maps: LIBC },
    { cgroup: '9:name=systemd:/\n0::/system.slice/web.service', maps: `${LIBC} (deleted)` },
  ]);

  assert.deepEqual(outdatedServices(proc), ['db@1.service', 'nginx.service', 'web.service']);
});

for (const [what, maps] of Object.entries({
  'deleted data': LIBC.replace('r-xp', 'r--p') + ' (deleted)',
  'shared memory': '7f00-7f01 rwxs 00000000 00:01 1 /dev/zero (deleted)',
  'code from /tmp': '7f00-7f01 r-xp 00000000 00:01 1 /tmp/usr/jit (deleted)',
  'code in memory': '7f00-7f01 r-xp 00000000 00:01 1 /memfd:/usr/jit (deleted)',
})) {
  test(`a service that uses ${what} is not outdated`, async (t) => {
    assert.deepEqual(outdatedServices(await procOf(t, [{ cgroup: '0::/system.slice/a.service', maps }])), []);
  });
}

for (const cgroup of [
  '0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.service',
  '0::/system.slice/celeroot-job-x.service',
  '0::/system.slice/docker-0123.scope',
  '0::/init.scope',
  '0::/',
]) {
  test(`what runs in ${cgroup} is no service to restart`, async (t) => {
    assert.deepEqual(outdatedServices(await procOf(t, [{ cgroup, maps: `${LIBC} (deleted)` }])), []);
  });
}

test('this machine’s own processes can be read', () => {
  assert.ok(Array.isArray(outdatedServices()));
});
