import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedHost } from '../../config/named-host.ts';
import { parseFleet } from '../../config/parse-config.ts';
import { nextSteps } from './next-steps.ts';

test('the host that is named to be added is not in the file, and its role is', () => {
  const text = `version: 1
fleet: test
roots: [ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=]
broker: { embedded: true }
roles: { mail: {} }
hosts: { web1: { roles: [mail] }, web2: { roles: [mail] } }
`;
  const fleet = parseFleet({ file: '/srv/celeroot.yaml', text }, {});

  const steps = nextSteps({ fleet, host: namedHost(fleet, 'web1'), celeroot: './celeroot' });

  assert.match(steps, /^ {2}\.\/celeroot hosts add web3 --role mail +another host$/m);
});
