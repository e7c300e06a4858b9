import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../core/errors.ts';
import { type Edit, editText } from './edit.ts';
import { parseYaml } from './yaml-document.ts';

const web3: Edit = {
  kind: 'set',
  path: ['hosts', 'web3'],
  value: { address: 'web3.example.org', roles: ['web', 'db'] },
};

/** Each case: what it shows, the text, the edit, the text after it. `|` marks line starts so that indentation shows. */
const cases: readonly (readonly [string, string, Edit, string])[] = [
  [
    'a host goes below the last one, above the comment of what follows',
    'hosts:\n  a:\n    roles: [web]  # one\n    # more of a\n\n# Roles\nroles: {}\n',
    web3,
    'hosts:\n  a:\n    roles: [web]  # one\n    # more of a\n  web3:\n    address: web3.example.org\n    roles: [web, db]\n\n# Roles\nroles: {}\n',
  ],
  [
    'hosts that stand apart stay apart',
    'hosts:\n    a: {roles: [web]}\n\n    b:\n      roles: [web]',
    web3,
    'hosts:\n    a: {roles: [web]}\n\n    b:\n      roles: [web]\n\n    web3:\n      address: web3.example.org\n      roles: [web, db]',
  ],
  [
    'an empty mapping in braces unfolds and keeps its comment',
    'roles:\n    web:\n        concurrency: 1\nhosts: {}  # none yet\n# end\n',
    web3,
    'roles:\n    web:\n        concurrency: 1\nhosts:  # none yet\n    web3:\n        address: web3.example.org\n        roles: [web, db]\n# end\n',
  ],
  [
    'a section without a value is filled',
    'hosts:   # none\r\nroles: {}\r\n',
    web3,
    'hosts:   # none\r\n  web3:\r\n    address: web3.example.org\r\n    roles: [web, db]\r\nroles: {}\r\n',
  ],
  [
    'a section that says null is filled',
    'hosts: ~ # none\nroles: {}\n',
    web3,
    'hosts: # none\n  web3:\n    address: web3.example.org\n    roles: [web, db]\nroles: {}\n',
  ],
  [
    'a null within braces is filled',
    '{"hosts": null, "x": 1}\n',
    { kind: 'set', path: ['hosts', 'a', 'roles'], value: ['web'] },
    '{"hosts": { a: { roles: [web] } }, "x": 1}\n',
  ],
  [
    'a missing section is added at the end, also without a final line end',
    'version: 1 # v',
    web3,
    'version: 1 # v\nhosts:\n  web3:\n    address: web3.example.org\n    roles: [web, db]',
  ],
  [
    'braces over several lines take one more entry',
    'hosts: {\n  a: {roles: [web]}, # one\n  "b": {roles: [web]} # two\n}\n',
    web3,
    'hosts: {\n  a: {roles: [web]}, # one\n  "b": {roles: [web]}, web3: { address: web3.example.org, roles: [web, db] } # two\n}\n',
  ],
  [
    'JSON stays one mapping',
    '{"version": 1, "hosts": {}}\n',
    web3,
    '{"version": 1, "hosts": { web3: { address: web3.example.org, roles: [web, db] } }}\n',
  ],
  [
    'a host is removed with its own lines only',
    'hosts:\n  # the first\n  a:\n    roles: [web]\n    # note of a\n  # the second\n  "b":\n    roles: [web]\nx: 1\n',
    { kind: 'remove', path: ['hosts', 'a'] },
    'hosts:\n  # the first\n  # the second\n  "b":\n    roles: [web]\nx: 1\n',
  ],
  [
    'removing between blank lines leaves one',
    'hosts:\n  a: {roles: [x]}\n\n  b: {roles: [x]}\n\n  c: {roles: [x]}\n',
    { kind: 'remove', path: ['hosts', 'b'] },
    'hosts:\n  a: {roles: [x]}\n\n  c: {roles: [x]}\n',
  ],
  [
    'the last host leaves an empty mapping',
    'hosts: # all\n  # first\n  a:\n    roles: [web]\n# end\n',
    { kind: 'remove', path: ['hosts', 'a'] },
    'hosts: {} # all\n  # first\n# end\n',
  ],
  [
    'the last lines go without leaving a line end',
    'hosts:\n  a: {roles: [x]}\n  b: {roles: [x]}',
    { kind: 'remove', path: ['hosts', 'b'] },
    'hosts:\n  a: {roles: [x]}',
  ],
  [
    'the first of a mapping in braces',
    'hosts: {a: 1, b: 2}',
    { kind: 'remove', path: ['hosts', 'a'] },
    'hosts: {b: 2}',
  ],
  ['the last of a mapping in braces', 'hosts: {a: 1, b: 2}', { kind: 'remove', path: ['hosts', 'b'] }, 'hosts: {a: 1}'],
  ['the only one of a mapping in braces', 'hosts: {a: 1}', { kind: 'remove', path: ['hosts', 'a'] }, 'hosts: {}'],
  [
    'a scalar keeps its comment',
    "a:\n  b: 'x'   # c\n",
    { kind: 'set', path: ['a', 'b'], value: 'true' },
    'a:\n  b: "true"   # c\n',
  ],
  [
    'a scalar without a value is filled in before its comment',
    'a:\n  b:   # c\n',
    { kind: 'set', path: ['a', 'b'], value: 5 },
    'a:\n  b: 5   # c\n',
  ],
  [
    'a text over several lines becomes one line',
    'a:\n  b: |  # c\n    one\n    two\n  d: 1\n',
    { kind: 'set', path: ['a', 'b'], value: 'three: four' },
    'a:\n  b: "three: four"  # c\n  d: 1\n',
  ],
  [
    'a value on the line below its key',
    'a:\n  b:  # c\n    one\n  d: 1\n',
    { kind: 'set', path: ['a', 'b'], value: 'two' },
    'a:\n  b: two  # c\n  d: 1\n',
  ],
  [
    'a key is added below a text over several lines',
    'a:\n  b: |\n    one\n\nc: 1\n',
    { kind: 'set', path: ['a', 'd'], value: 'x' },
    'a:\n  b: |\n    one\n  d: x\n\nc: 1\n',
  ],
  ['a list in brackets', 'r: [ a, b ] # c\n', { kind: 'add-item', path: ['r'], item: 'c' }, 'r: [ a, b, c ] # c\n'],
  ['a list with a comma at its end', 'r: [a, b,]\n', { kind: 'add-item', path: ['r'], item: 'c' }, 'r: [a, b, c,]\n'],
  ['an empty list', 'r: []\n', { kind: 'add-item', path: ['r'], item: 'apt.*' }, 'r: [apt.*]\n'],
  ['a list that is not there', 'x: 1\n', { kind: 'add-item', path: ['r'], item: '*' }, 'x: 1\nr: ["*"]\n'],
  ['a list without a value', 'r: # c\n', { kind: 'add-item', path: ['r'], item: 'a' }, 'r: [a] # c\n'],
  [
    'a list by dashes at the column of its key',
    'r:\n- a # one\n  # of a\n# end\nx: 1\n',
    { kind: 'add-item', path: ['r'], item: 'b' },
    'r:\n- a # one\n  # of a\n- b\n# end\nx: 1\n',
  ],
  [
    'an entry of a list by dashes',
    'r:\n  - a # one\n  # two\n  - "b"\n  - c',
    { kind: 'remove-item', path: ['r'], item: 'b' },
    'r:\n  - a # one\n  # two\n  - c',
  ],
  [
    'the only entry of a list by dashes',
    'r:  # c\n  - a\nx: 1\n',
    { kind: 'remove-item', path: ['r'], item: 'a' },
    'r: []  # c\nx: 1\n',
  ],
  ['an entry in brackets', "r: [a, 'b', c]\n", { kind: 'remove-item', path: ['r'], item: 'b' }, 'r: [a, c]\n'],
  [
    'a list that is an alias is written out',
    'x: &l [a, b]\nr: *l # both\n',
    { kind: 'add-item', path: ['r'], item: 'c' },
    'x: &l [a, b]\nr: [a, b, c] # both\n',
  ],
  [
    'a list that is merged is written out beside the merge',
    'base: &b\n  roles: [a]\nh:\n  <<: *b\n',
    { kind: 'add-item', path: ['h', 'roles'], item: 'c' },
    'base: &b\n  roles: [a]\nh:\n  <<: *b\n  roles: [a, c]\n',
  ],
  [
    'a list by dashes becomes another, entry by entry',
    'r:\n  - a # one\n  - b # two\n',
    { kind: 'set-list', path: ['r'], items: ['b', 'c'] },
    'r:\n  - b # two\n  - c\n',
  ],
  [
    'a list whose entries all change',
    'r:\n  - a # one\nx: 1\n',
    { kind: 'set-list', path: ['r'], items: ['c'] },
    'r:\n  - c\nx: 1\n',
  ],
  ['a list that shall be there', 'x: 1\n', { kind: 'set-list', path: ['r'], items: ['a', 'b'] }, 'x: 1\nr: [a, b]\n'],
  ['what is there already', 'r: [a]\n', { kind: 'add-item', path: ['r'], item: 'a' }, 'r: [a]\n'],
  ['what is not there', 'r: [a]\n', { kind: 'remove-item', path: ['q', 'r'], item: 'a' }, 'r: [a]\n'],
  [
    'a byte order mark stays',
    '\uFEFFhosts:\n  a: {roles: [x]}\n',
    { kind: 'remove', path: ['hosts', 'a'] },
    '\uFEFFhosts: {}\n',
  ],
];

for (const [what, before, edit, after] of cases) {
  test(`edit: ${what}`, () => {
    assert.equal(editText(before, [edit]), after);
  });
}

for (const [what, why, text, edit] of [
  [
    'an anchor that others use',
    /^a cannot be edited safely: the anchor &x lets other/,
    'a: &x [p]\nb: *x\n',
    { kind: 'add-item', path: ['a'], item: 'q' },
  ],
  [
    'the entry with an anchor that others use',
    /^m\/a .* the anchor &x/,
    'm:\n  a: &x 1\n  b: *x\n',
    { kind: 'remove', path: ['m', 'a'] },
  ],
  ['a merged key', /merged by <</, 'a: &x {p: 1}\nb: {<<: *x}\n', { kind: 'remove', path: ['b', 'p'] }],
  [
    'a mapping behind an alias',
    /what the anchor &x stands for/,
    'a: &x {p: {q: 1}}\nb: *x\n',
    { kind: 'set', path: ['b', 'p'], value: 2 },
  ],
  [
    'a name after a question mark',
    /the name a and its colon are not on one line/,
    '? a\n: {p: 1}\n',
    { kind: 'set', path: ['a'], value: 2 },
  ],
  ['a broken file', /the text has mistakes/, 'a: [\n', { kind: 'set', path: ['b'], value: 2 }],
  ['a list', /laid out/, '- a\n', { kind: 'set', path: ['b'], value: 2 }],
] as const satisfies readonly (readonly [string, RegExp, string, Edit])[]) {
  test(`an edit of ${what} is refused`, () => {
    assert.throws(
      () => editText(text, [edit]),
      (error) => error instanceof ConfigError && error.code === 'CONFIG_NOT_EDITABLE' && why.test(error.message),
    );
  });
}

test('several edits follow one another', () => {
  const text = editText('hosts:\n  a: {roles: [web]} # first\n', [
    { kind: 'add-item', path: ['hosts', 'a', 'roles'], item: 'db' },
    { kind: 'remove-item', path: ['hosts', 'a', 'roles'], item: 'web' },
    { kind: 'set', path: ['hosts', 'a', 'address'], value: '10.0.0.1' },
    { kind: 'set', path: ['hosts', 'a', 'description'], value: 'Café: "first"' },
  ]);

  assert.equal(text, 'hosts:\n  a: {roles: [db], address: 10.0.0.1, description: "Café: \\"first\\""} # first\n');
  assert.deepEqual(parseYaml(text).value, {
    hosts: { a: { roles: ['db'], address: '10.0.0.1', description: 'Café: "first"' } },
  });
});
