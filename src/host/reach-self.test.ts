import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { reachSelf } from './reach-self.ts';
import { runCommand } from './run-command.ts';

const LONG_MS = 30_000;

test('a port accepts while somebody listens on an address of this host, and not afterwards', async (t) => {
  for (const address of ['127.0.0.1', '::1']) {
    const server = createServer((socket) => socket.destroy());
    const port = await listen(t, server, address);
    assert.deepEqual(await reachSelf({ kind: 'port', port }, LONG_MS), { ok: true, status: null });

    await new Promise((resolve) => server.close(resolve));

    const answer = await reachSelf({ kind: 'port', port }, LONG_MS);
    assert.deepEqual(answer, { ok: false, why: `nothing accepts on port ${port}` });
  }
});

test('a web server is asked by the name in the URL, and nobody else is', async (t) => {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.headers.host} ${request.url}`);
    response.writeHead(statusIn(request), { location: 'http://192.0.2.1/' }).end('x'.repeat(100_000));
  });
  const port = await listen(t, server, '127.0.0.1');

  const answers = await Promise.all(
    ['/200', '/302', '/503'].map((path) =>
      reachSelf({ kind: 'url', url: `http://www.example.org:${port}${path}` }, LONG_MS),
    ),
  );

  assert.deepEqual(
    answers,
    [200, 302, 503].map((status) => ({ ok: true, status })),
  );
  assert.deepEqual(asked.toSorted(), [
    `GET www.example.org:${port} /200`,
    `GET www.example.org:${port} /302`,
    `GET www.example.org:${port} /503`,
  ]);
});

test('a certificate that no authority of this host has signed is no answer', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-reach-'));
  t.after(async () => await rm(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const what = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '1', ...name, '-keyout', key, '-out', cert];
  const made = await runCommand(['openssl', ...what]);
  assert.equal(made.exitCode, 0, made.stderr);
  const server = createHttpsServer({ key: await readFile(key), cert: await readFile(cert) }, (_, response) => {
    response.end();
  });
  const port = await listen(t, server, '127.0.0.1');

  const answer = await reachSelf({ kind: 'url', url: `https://localhost:${port}/` }, LONG_MS);

  assert.ok(!answer.ok);
  assert.match(answer.why, /self-signed certificate/);
});

test('a server that takes a connection and says nothing is given up in time', async (t) => {
  const port = await listen(
    t,
    createServer().on('connection', (socket) => socket.on('error', () => undefined)),
    '::1',
  );

  const answer = await reachSelf({ kind: 'url', url: `http://localhost:${port}/` }, 100);

  assert.deepEqual(answer, { ok: false, why: 'no answer within 0.1 s' });
});

test('a server that speaks something else is no web server', async (t) => {
  const port = await listen(
    t,
    createServer().on('connection', (socket) => socket.end('220 mail\r\n')),
    '127.0.0.1',
  );

  const answer = await reachSelf({ kind: 'url', url: `http://localhost:${port}/` }, LONG_MS);

  assert.equal(answer.ok, false);
});

function statusIn({ url = '' }: IncomingMessage): number {
  return Number(url.slice(1));
}

async function listen(t: TestContext, server: Server, address: string): Promise<number> {
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  assert.ok(isAddress(bound));
  t.after(() => server.close());
  return bound.port;
}

function isAddress(bound: AddressInfo | string | null): bound is AddressInfo {
  return typeof bound === 'object' && bound !== null;
}
