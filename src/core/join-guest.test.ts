import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerUserName, hostOfUser, hostUserName } from './host-user.ts';
import { guestUserName, joinOfUser } from './join-guest.ts';
import { hostNameSchema } from './names.ts';

const host = hostNameSchema.parse('web1');
const guest = { host, id: '0123456789abcdef', expiresAt: 1_800_000_000_000 };

test('the user of a join is known by its name, in its environment only', () => {
  for (const environment of [null, 'prod']) {
    const user = guestUserName(environment, guest);
    assert.deepEqual(joinOfUser(environment, user), { id: guest.id, expiresAt: guest.expiresAt });
    assert.equal(joinOfUser(environment === null ? 'prod' : null, user), null);
    assert.equal(joinOfUser('join', user), null);
  }
});

test('it is no host’s user, and no other user is one of a join', () => {
  assert.equal(hostOfUser(null, guestUserName(null, guest)), null);
  const others = [
    'default',
    '',
    hostUserName(null, host),
    controllerUserName(null),
    'celeroot.web1:join.1.x',
    'x:join.1.0123456789abcdef',
  ];
  for (const user of others) assert.equal(joinOfUser(null, user), null, user);
});
