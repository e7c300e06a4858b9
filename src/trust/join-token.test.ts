import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CelerootError } from '../core/errors.ts';
import { fleetNameSchema, hostNameSchema } from '../core/names.ts';
import { Secret } from '../core/secret.ts';
import { formatJoinToken, MAX_TOKEN_BYTES, parseJoinToken, TOKEN_END, type JoinToken } from './join-token.ts';

const token: JoinToken = {
  fleet: fleetNameSchema.parse('test'),
  host: hostNameSchema.parse('web1'),
  broker: { url: 'rediss://redis.example.org:6380/0', ca: '-----BEGIN CERTIFICATE-----\nMIIB\n' },
  roots: 'a'.repeat(64),
  expiresAt: 1_800_000_000_000,
  secret: new Secret('s'.repeat(43)),
};
const text = formatJoinToken(token);

/** With the secret, which else compares as equal to any other. */
function plain(parsed: JoinToken | null): unknown {
  return parsed === null ? null : { ...parsed, secret: parsed.secret.reveal() };
}

test('a token is some lines of which the last is known, and says what went into it', () => {
  assert.match(
    text,
    /^-----BEGIN CELEROOT JOIN TOKEN-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+-----END CELEROOT JOIN TOKEN-----\n$/,
  );
  assert.deepEqual(
    text.split('\n').filter((line) => TOKEN_END.test(line)),
    ['-----END CELEROOT JOIN TOKEN-----'],
  );
  assert.deepEqual(plain(parseJoinToken(text)), plain(token));
});

/** The one word that strict JSON refuses as a name. */
const settingName = fc.string().filter((name) => name !== '__proto__');

test('whatever names, address and time are in it, it comes back', () => {
  fc.assert(
    fc.property(
      fc.record({
        broker: fc.dictionary(settingName, fc.oneof(fc.string(), fc.array(fc.string()), fc.boolean())),
        expiresAt: fc.nat(),
        secret: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      }),
      ({ broker, expiresAt, secret }) => {
        const made = { ...token, broker, expiresAt, secret: new Secret(Buffer.from(secret).toString('base64url')) };
        assert.equal(JSON.stringify(plain(parseJoinToken(formatJoinToken(made)))), JSON.stringify(plain(made)));
      },
    ),
  );
});

test('what mails, chats and terminals do to lines does a token no harm', () => {
  const changed = [
    text.replaceAll('\n', '\r\n'),
    text.replaceAll('\n', ''),
    text.replaceAll('\n', '\n\n'),
    text.replaceAll(/^/gm, '> '),
    text.replaceAll(/^/gm, '    '),
    text.replaceAll('-----', '—'),
    text.replaceAll(/^[^-]{20}/gm, '$& '),
    `$ celeroot hosts join web1 --token\n${text}waiting for web1 (14:59 left)\n`,
  ];
  for (const each of changed) assert.deepEqual(plain(parseJoinToken(each)), plain(token), each);
});

test('a token with a character changed, gone or added is none', () => {
  const places = [...text.matchAll(/[A-Za-z0-9+/]/g)].map(({ index }) => index);
  const inner = places.filter((at) => at > text.indexOf('\n') && at < text.indexOf('\n-----END') - 3);
  fc.assert(
    fc.property(fc.constantFrom(...inner), fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '+', '/'), (at, other) => {
      fc.pre(text[at] !== other);
      assert.equal(parseJoinToken(text.slice(0, at) + other + text.slice(at + 1)), null);
      assert.equal(parseJoinToken(text.slice(0, at) + text.slice(at + 1)), null);
      assert.equal(parseJoinToken(text.slice(0, at) + other + text.slice(at)), null);
    }),
  );
});

test('whatever comes, it is a token or it is none', () => {
  const lines = text.split('\n');
  for (const [at] of lines.slice(0, -1).entries())
    assert.equal(parseJoinToken(lines.toSpliced(at, 1).join('\n')), null);
  fc.assert(fc.property(fc.string(), (some) => parseJoinToken(some) === null));
  fc.assert(
    fc.property(fc.base64String(), (some) => {
      assert.equal(
        parseJoinToken(`-----BEGIN CELEROOT JOIN TOKEN-----\n${some}\n-----END CELEROOT JOIN TOKEN-----`),
        null,
      );
    }),
  );
});

test('a secret that is too short is no secret, and a list of all authorities is too long to paste', () => {
  assert.equal(parseJoinToken(formatJoinToken({ ...token, secret: new Secret('short') })), null);
  assert.throws(
    () => formatJoinToken({ ...token, broker: { ca: 'x'.repeat(12_000) } }),
    (error) => error instanceof CelerootError && error.code === 'CONFIG_INVALID' && /ca_file/.test(error.hint ?? ''),
  );
  assert.ok(formatJoinToken({ ...token, broker: { ca: 'x'.repeat(11_000) } }).length < MAX_TOKEN_BYTES);
});
