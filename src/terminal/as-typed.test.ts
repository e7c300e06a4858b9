import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asTyped } from './as-typed.ts';

test('commands in a hint are shown as they have to be typed', () => {
  const hint = 'stop it with  celeroot down,  then  celeroot up  again; or (celeroot keys ls)';

  assert.equal(
    asTyped(hint, './celeroot --config a.yaml'),
    'stop it with  ./celeroot --config a.yaml down,  then  ./celeroot --config a.yaml up  again; or (./celeroot --config a.yaml keys ls)',
  );
  assert.equal(asTyped(hint, 'celeroot'), hint);
});

test('nothing else that is called celeroot changes', () => {
  for (const text of [
    'this is a bug in celeroot; please report it',
    'celeroot keeps its own Redis',
    'apt-get purge celeroot',
    'see celeroot-worker.service, celeroot.yaml and /opt/celeroot up there',
    './celeroot up',
    'type  celeroot join  there',
    'on the host:  celeroot policy check FILE',
  ]) {
    assert.equal(asTyped(text, '$& ./celeroot'), text);
  }
});
