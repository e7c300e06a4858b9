import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostNameSchema } from '../core/names.ts';
import { embeddedUsers } from './acl-lines.ts';

test('the embedded Redis that listens knows the controller and the hosts of its environment, and nobody without a login', () => {
  const scope = { environment: 'prod', database: 0, endpoint: { kind: 'socket', path: '' } } as const;
  const user = { host: hostNameSchema.parse('web1'), queues: [], passwordSha256: `sha256:${'b'.repeat(64)}` };

  const [nobody, controller = '', host = '', ...others] = embeddedUsers(scope, 'a'.repeat(64), [user]);

  assert.equal(nobody, 'user default off');
  assert.match(
    controller,
    /^user celeroot-controller-prod on #a{64} resetchannels ~\{celeroot:prod\}:\* .* \+config\|set$/,
  );
  assert.match(host, /^user celeroot-prod\.web1 on #b{64} /);
  assert.deepEqual(others, []);
});
