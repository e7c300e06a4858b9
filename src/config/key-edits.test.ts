import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSigningKey } from '../trust/key.ts';
import { editText, type Edit } from './edit.ts';
import type { FleetConfig } from './fleet-config.ts';
import { acceptHost, renameHost } from './host-edits.ts';
import { beginKeyChange, canFollow, endKeyChange, type KeyChange } from './key-edits.ts';
import { namedHost } from './named-host.ts';
import { parseFleet } from './parse-config.ts';

const [first, second, third, other] = [1, 2, 3, 4].map(() => makeSigningKey().id) as [string, string, string, string];
const DAY_MS = 24 * 3_600_000;
const NOW = Date.UTC(2026, 10, 26, 15);

const TEXT = `version: 1
fleet: test
roots: [${makeSigningKey().id}]
broker: { embedded: true }
roles: { web: {} }
hosts:
  web1: # the first
    roles: [web]
    key: ${first}
  web2: { roles: [web], key: "${other}" }
`;

const parse = (text: string): FleetConfig => parseFleet({ file: '/srv/celeroot.yaml', text }, {});
const after = (text: string, edits: (config: FleetConfig) => readonly Edit[]): string => {
  const edited = editText(text, edits(parse(text)));
  parse(edited);
  return edited;
};
const web1 = (text: string): ReturnType<typeof namedHost> => namedHost(parse(text), 'web1');

function change(from: string, to: string, host = 'web1'): KeyChange {
  return { host: namedHost(parse(TEXT), host).name, from, to };
}

test('a key is recorded beside the outgoing one, which then becomes a previous one; all else stays', () => {
  const begun = after(TEXT, () => beginKeyChange(change(first, second)));
  assert.equal(begun, TEXT.replace(first, `${second}\n    outgoing_key: ${first}`));

  const ended = after(begun, (config) => endKeyChange(namedHost(config, 'web1'), NOW));

  const line = `previous_keys: [${first} until 2026-11-26T15:00:00.000Z]`;
  assert.equal(ended.replaceAll('"', ''), TEXT.replaceAll('"', '').replace(first, `${second}\n    ${line}`));
  assert.deepEqual(web1(ended).previousKeys, [{ key: first, until: NOW }]);
  assert.deepEqual(endKeyChange(web1(ended), NOW), [], 'again it changes nothing');
});

test('a previous key is kept as long as runs are', () => {
  const once = after(TEXT, () => beginKeyChange(change(first, second)));
  const ended = after(once, (config) => endKeyChange(namedHost(config, 'web1'), NOW));
  const twice = after(ended, () => beginKeyChange(change(second, third)));
  const keysAfter = (days: number): readonly string[] =>
    web1(after(twice, (config) => endKeyChange(namedHost(config, 'web1'), NOW + days * DAY_MS))).previousKeys.map(
      ({ key }) => key,
    );

  assert.deepEqual(keysAfter(29), [first, second]);
  assert.deepEqual(keysAfter(31), [second]);
});

test('a key follows only the present one, and only when it is and was nobody’s', () => {
  const begun = after(TEXT, () => beginKeyChange(change(first, second)));
  const ended = after(begun, (config) => endKeyChange(namedHost(config, 'web1'), NOW));
  const can = (text: string, ...keys: Parameters<typeof change>): boolean => canFollow(parse(text), change(...keys));

  assert.equal(can(TEXT, first, second), true);
  assert.equal(can(TEXT, second, third), false, 'from another');
  assert.equal(can(TEXT, first, other), false, 'of another host');
  assert.equal(can(begun, second, third), false, 'not finished');
  assert.equal(can(ended, first, third), false, 'from a replaced one');
  assert.equal(can(ended, second, first), false, 'back to a replaced one');
  assert.equal(can(ended, other, first, 'web2'), false, 'which was another host’s');
  assert.equal(can(ended, second, third), true);
});

test('a host that is accepted anew has no earlier keys, one that is renamed or accepted again keeps them', () => {
  const begun = after(TEXT, () => beginKeyChange(change(first, second)));
  const ended = after(begun, (config) => endKeyChange(namedHost(config, 'web1'), NOW));

  const anew = after(ended, (config) => acceptHost(config, 'web1', { key: third, replace: true }));
  assert.deepEqual([web1(anew).previousKeys, web1(anew).outgoingKey], [[], null]);
  const anewMidway = after(begun, (config) => acceptHost(config, 'web1', { key: third, replace: true }));
  assert.equal(web1(anewMidway).outgoingKey, null);
  const again = after(ended, (config) => acceptHost(config, 'web1', { key: second, replace: false }));
  assert.equal(again, ended);
  const renamed = namedHost(parse(after(ended, (config) => renameHost(config, 'web1', 'shop1'))), 'shop1');
  assert.deepEqual(renamed.previousKeys, [{ key: first, until: NOW }]);
});
