import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAddress } from './address.ts';

test('host names and addresses of both kinds are what a host is reached by', () => {
  for (const text of [
    'web1',
    'web_1',
    'Web-1.example.org',
    'xn--bcher-kva.example',
    '10.0.0.7',
    '::1',
    '2001:db8::7',
  ]) {
    assert.ok(isAddress(text), text);
  }
  for (const text of ['fe80::1%eth0', '::ffff:10.0.0.7', 'a'.repeat(63), '1web']) assert.ok(isAddress(text), text);
});

test('what a shell, ssh or a person would read as something else is not', () => {
  for (const text of [
    '',
    ' ',
    'web1 ',
    'a b',
    'web1\nProxyCommand=x',
    '-oProxyCommand=x',
    'root@web1',
    'web1:22',
    '[::1]',
  ]) {
    assert.equal(isAddress(text), false, text);
  }
  for (const text of ['a..b', '.a', 'a.', 'web-', '10.0.0', '10.0.0.256', '1.2.3.4.5', ':::', '1:2', "a'; rm -rf /"]) {
    assert.equal(isAddress(text), false, text);
  }
  for (const text of ['a'.repeat(64), `${'a.'.repeat(126)}ab`, 'größe', '$(id)', 'fe80::1%']) {
    assert.equal(isAddress(text), false, text);
  }
});
