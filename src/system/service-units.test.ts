import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { restartArgv, serviceNameSchema, unitOf } from './service-units.ts';

const isName = (text: string): boolean => serviceNameSchema.safeParse(text).success;

test('names of services are taken, with and without what they end with', () => {
  for (const name of ['nginx', 'php8.2-fpm.service', 'postgresql@15-main', String.raw`systemd-fsck@dev-disk\x2dby`]) {
    assert.ok(isName(name), name);
  }
});

test('no option, pattern, path, other unit or job of celeroot is a service', () => {
  const wrong = ['', '-H', '--now', '*', 'nginx*', 'a b', 'a/b', '../a', '.', 'a\nb', 'a;b', '$x', 'é', 'a[b]', 'x?'];
  const others = ['ssh.socket', 'home.mount', 'multi-user.target', 'apt-daily.timer', 'system.slice', 'x.scope'];
  for (const name of [...wrong, ...others, 'celeroot-job-1.web1', `a${'b'.repeat(250)}`]) {
    assert.equal(isName(name), false, name);
  }
});

test('whatever is taken is one word after the end of the options, and names a service', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9:_.\\@*?[\]-]{0,20}$/));
  fc.assert(
    fc.property(text.filter(isName), (name) => {
      const argv = restartArgv(unitOf(name));
      assert.deepEqual(argv.slice(0, -1), ['timeout', '300', 'systemctl', 'restart', '--']);
      assert.match(argv.at(-1) ?? '', /^[A-Za-z0-9:_\\][A-Za-z0-9:_.\\@-]*\.service$/);
      assert.ok((argv.at(-1) ?? '').length < 256);
    }),
  );
});
