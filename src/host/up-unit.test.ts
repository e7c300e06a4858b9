import assert from 'node:assert/strict';
import { test } from 'node:test';
import { upUnit } from './up-unit.ts';

function lines(configFile: string): readonly string[] {
  return upUnit({ self: ['/opt/node', '/opt/main.js'], configFile, host: 'web1', stateDir: '/srv/state' }).split('\n');
}

test('the unit starts what celeroot up starts, and nothing else', () => {
  const unit = lines('/etc/celeroot/celeroot.yaml');

  assert.ok(
    unit.includes('ExecStart=/opt/node /opt/main.js --config /etc/celeroot/celeroot.yaml up --only-start --host web1'),
  );
  assert.ok(unit.includes('ConditionPathExists=/etc/celeroot/celeroot.yaml'));
  assert.ok(unit.includes('Environment=CELEROOT_STATE_DIR=/srv/state'));
  assert.ok(unit.includes('Type=oneshot'));
});

test('a path that systemd would split or fill in stays one word', () => {
  const unit = lines('/srv/my "50%" $HOME\\x/celeroot.yaml');

  assert.ok(
    unit.includes(
      String.raw`ExecStart=/opt/node /opt/main.js --config "/srv/my \"50%%\" $$HOME\\x/celeroot.yaml" up --only-start --host web1`,
    ),
  );
  assert.ok(unit.includes(String.raw`ConditionPathExists=/srv/my "50%%" $HOME\x/celeroot.yaml`));
});
