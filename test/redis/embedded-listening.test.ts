import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect as connectPlainly } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { connect } from 'node:tls';
import type { BrokerSettings } from '../../src/core/broker-settings.ts';
import { CommandError, RejectedError } from '../../src/core/errors.ts';
import { makeCertificate } from '../../src/host/make-certificate.ts';
import { startEmbeddedBroker, stopEmbeddedBroker } from '../../src/queue/embedded-broker.ts';
import { prepareCertificate, renewCertificate, warnOfCertificates } from '../../src/queue/embedded-tls.ts';
import { prefixFor } from '../../src/queue/names.ts';
import { makeAccess } from '../../src/queue/embedded-access.ts';
import { openControllerBroker, openWorkerBroker } from '../../src/queue/open.ts';
import { attempt, REFUSED } from '../support/attempt-attack.ts';
import { host, newRun, queue, releasesOf } from '../support/broker-data.ts';
import { exerciseBroker } from '../support/exercise-broker.ts';
import { makeFleet } from '../support/fleet.ts';
import { enrol } from '../support/guarded-redis.ts';
import { hostAttacks } from '../support/host-attacks.ts';
import { makeListeningBroker, type ListeningBroker } from '../support/listening-broker.ts';
import { forbidLeaks } from '../support/no-leaks.ts';
import { startRedis, withPassword } from '../support/redis.ts';
import { saveRun } from '../support/spoken.ts';
import { makeCertificates } from '../support/redis-tls.ts';
import { startWorker } from '../support/worker.ts';

forbidLeaks();

const [web1, web2] = [host('web1'), host('web2')];
const queues = [queue('web'), queue('webserver')];
const DAY_MS = 24 * 3_600_000;

/** The certificate that it shows to who connects, when `ca` vouches for it; else why it is not believed. */
async function shown(port: number, ca: string | undefined): Promise<X509Certificate | string> {
  const { promise, resolve } = Promise.withResolvers<X509Certificate | string>();
  const socket = connect({ host: '127.0.0.1', port, ...(ca === undefined ? {} : { ca }) });
  socket.once('secureConnect', () => resolve(socket.getPeerX509Certificate() ?? 'it showed none'));
  socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

async function shownSerial(broker: ListeningBroker): Promise<string> {
  const certificate = await shown(broker.port, broker.forHosts().tls?.ca ?? undefined);
  assert.ok(typeof certificate !== 'string', String(certificate));
  return certificate.serialNumber;
}

async function expectRefusal(settings: BrokerSettings, why: RegExp): Promise<void> {
  await assert.rejects(async () => {
    await using _opened = await openControllerBroker(settings);
  }, why);
}

test('a host does all its work over TLS as its own user, and the controller at the socket as its', async () => {
  await using broker = await makeListeningBroker();
  assert.equal(await broker.start(), true);
  assert.equal(await broker.start(), false);
  const { user, settings } = enrol(broker.forHosts(), web1, queues);
  const warnings: string[] = [];
  {
    await using controller = await openControllerBroker(broker.controller(), (line) => warnings.push(line));
    assert.deepEqual(await controller.setHostUser(user), []);
  }

  await exerciseBroker(broker.controller(), settings);

  assert.deepEqual(warnings, []);
});

test('who does not pin its authority, speaks no TLS or has no login gets nowhere', async () => {
  await using broker = await makeListeningBroker();
  await broker.start();
  const folder = await mkdtemp(join(tmpdir(), 'celeroot-other-ca-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true }));
  const { ca } = await makeCertificates(folder);
  const forHosts = broker.forHosts();
  const { settings } = enrol(forHosts, web1, queues);

  assert.equal(await shown(broker.port, undefined), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  await expectRefusal({ ...settings, tls: { ca: null } }, /certificate/);
  await expectRefusal({ ...settings, tls: { ca } }, /certificate/);
  await expectRefusal({ ...settings, tls: null }, /connection was closed|closed the connection|did not answer/);
  const plain = connectPlainly(broker.port, '127.0.0.1');
  plain.end('PING\r\n');
  assert.doesNotMatch(await text(plain).catch(String), /PONG|NOAUTH/);
  await expectRefusal(forHosts, /a password is needed and none is set for Redis/);
  await expectRefusal(withPassword(forHosts, 'default', ''), /wrong user or password|a password is needed/);
  await expectRefusal(withPassword(forHosts, 'default', 'guess'), /wrong user or password/);
  await expectRefusal(settings, /wrong user or password/);
  await expectRefusal({ ...broker.controller(), user: null, password: null }, /a password is needed/);
});

test('a host cannot reach the other hosts, nor what is the controller’s', async () => {
  await using broker = await makeListeningBroker();
  await broker.start();
  const [first, other] = [enrol(broker.forHosts(), web1, queues), enrol(broker.forHosts(), web2, [])];
  await using controller = await openControllerBroker(broker.controller());
  await controller.changeHostUsers({ add: [first.user, other.user], change: [], remove: [] });

  await using asWeb1 = await openControllerBroker(first.settings);

  await assert.rejects(asWeb1.presences([web2]), /does not let this user/);
  await assert.rejects(asWeb1.forgetHost(web2), /does not let this user/);
  await assert.rejects(asWeb1.setHostUser({ ...first.user, queues: [queue('db')] }), /may not keep the users/);
  await assert.rejects(
    asWeb1.publishTrust({ version: 1, envelope: 'theirs' }, { version: null, envelope: null }),
    /does not let this user/,
  );
  const run = newRun([web1, web2]);
  await saveRun(controller, run);
  await controller.release(releasesOf(run));
  const attacks = hostAttacks({ p: prefixFor(null), run: run.id });
  const files = ['CONFIG SET tls-cert-file /etc/passwd', 'CONFIG SET dir /', 'ACL SAVE', 'ACL LOAD'];
  for (const attack of [...attacks, ...files.map((line) => [line.split(' ')])]) {
    const answer = await attempt(first.settings, attack);
    if (!/^ERR (?:DEBUG|MODULE) command not allowed/.test(answer))
      assert.match(answer, REFUSED, JSON.stringify(attack));
  }
  assert.deepEqual(await controller.hostUsers(), [web1, web2]);
});

test('users outlive a restart of Redis, and the next start has those of the configuration', async () => {
  await using broker = await makeListeningBroker();
  await broker.start();
  const [first, other] = [enrol(broker.forHosts(), web1, queues), enrol(broker.forHosts(), web2, [])];
  {
    await using controller = await openControllerBroker(broker.controller());
    await controller.changeHostUsers({ add: [first.user, other.user], change: [], remove: [] });
  }
  const saved = await readFile(broker.files.users, 'utf8');
  assert.match(saved, /^user celeroot\.web1 on /m);
  assert.match(saved, /^user celeroot\.web2 on /m);
  assert.match(saved, /^user default off /m);
  const ca = broker.forHosts().tls?.ca;

  await stopEmbeddedBroker(broker.files);
  assert.equal(await broker.start([first.user]), true);

  assert.equal(broker.forHosts().tls?.ca, ca, 'hosts pin it');
  await using controller = await openControllerBroker(broker.controller());
  assert.deepEqual(await controller.hostUsers(), [web1]);
  assert.deepEqual(await controller.compareHostUsers([first.user]), { add: [], change: [], remove: [] });
  await using worker = await openWorkerBroker(first.settings);
  await worker.serverTime();
  await assert.rejects(openWorkerBroker(other.settings), /wrong user or password/);
});

test('a certificate that nears its end is replaced under hosts that are connected, and they come back to the new one', async () => {
  await using broker = await makeListeningBroker();
  await broker.start();
  const { user, settings } = enrol(broker.forHosts(), web1, queues);
  {
    await using controller = await openControllerBroker(broker.controller());
    await controller.setHostUser(user);
  }
  const now = Date.now();
  const before = await shownSerial(broker);
  await using worker = await openWorkerBroker(settings);
  await worker.serverTime();
  const renewedAt = async (days: number): Promise<boolean> =>
    await renewCertificate(broker.controller(), await broker.certificateAt(now + days * DAY_MS));

  assert.equal(await renewedAt(300), false);
  assert.equal(await shownSerial(broker), before);
  assert.equal(await renewedAt(310), true);

  const after = await shownSerial(broker);
  assert.notEqual(after, before);
  await worker.serverTime();
  await using again = await openWorkerBroker(settings);
  await again.serverTime();
  await stopEmbeddedBroker(broker.files);
  await broker.start([user]);
  assert.equal(await shownSerial(broker), after, 'it is used again');
  await worker.serverTime();
});

test('the worker beside it replaces a certificate that nears its end, without a word from anybody', async () => {
  await using broker = await makeListeningBroker();
  const { files } = broker;
  await broker.start();
  const before = await shownSerial(broker);
  const old = await makeCertificate(files.access, {
    commonName: 'old',
    extensions: ['basicConstraints = CA:FALSE', 'subjectAltName = IP:127.0.0.1'],
    days: 30,
    signer: { certificate: files.authorityCertificate, key: files.authorityKey },
  });
  await writeFile(files.certificate, `${old.certificate}${old.key}`);
  const fleet = makeFleet();
  {
    await using controller = await openControllerBroker(broker.controller());
    await fleet.publish(controller);
  }

  await using worker = await startWorker({ config: fleet.configFor(broker.controller()), stateDir: broker.stateDir });

  await worker.says(/^gave Redis a new certificate, for another year$/);
  assert.notEqual(await shownSerial(broker), before);
  worker.requestStop();
  await worker.ended;
});

test('a renewal that Redis did not get is done again', async () => {
  await using broker = await makeListeningBroker();
  await broker.start();
  const due = await broker.certificateAt(Date.now() + 360 * DAY_MS);
  await stopEmbeddedBroker(broker.files);
  const before = await readFile(broker.files.certificate, 'utf8');

  await assert.rejects(renewCertificate(broker.controller(), due), /there is no Redis socket/);

  assert.equal(await readFile(broker.files.certificate, 'utf8'), before);
  await broker.start();
  assert.equal(await renewCertificate(broker.controller(), due), true);
  const { serialNumber } = new X509Certificate(await readFile(broker.files.certificate));
  assert.equal(await shownSerial(broker), serialNumber);
  assert.deepEqual(
    (await readdir(broker.files.access)).toSorted(),
    ['ca.crt', 'ca.key', 'controller.password', 'server.pem'],
    'nothing else is left',
  );
});

test('the authority lasts ten years; what is about to end is said, and then what to do', async () => {
  await using broker = await makeListeningBroker();
  await broker.start();
  const { files } = broker;
  const authority = new X509Certificate(await readFile(files.authorityCertificate));
  const years = (authority.validToDate.getTime() - Date.now()) / (365 * DAY_MS);
  assert.ok(years > 9.9 && years < 10.1);
  assert.equal(authority.ca, true);
  assert.equal(new X509Certificate(await readFile(files.certificate)).ca, false);

  const end = authority.validToDate.getTime();
  assert.deepEqual(await warnOfCertificates(files, Date.now()), []);
  assert.deepEqual(await warnOfCertificates(files, Date.now() + 330 * DAY_MS), []);
  const [overdue, ...others] = await warnOfCertificates(files, Date.now() + 340 * DAY_MS);
  assert.match(overdue ?? '', /^the certificate of Redis ends at .* and was not renewed; /);
  assert.deepEqual(others, []);
  const [ending] = await warnOfCertificates(files, end - 80 * DAY_MS);
  assert.match(ending ?? '', /^the authority that hosts pin ends at .* celeroot hosts join {2}for every host$/);
  await assert.rejects(renewCertificate(broker.controller(), await broker.certificateAt(end)), (error: unknown) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, /^the authority that hosts pin ended at /);
    assert.match(error.hint ?? '', /celeroot down && rm -r .*broker-access && celeroot up/);
    return true;
  });
});

test('in the last days of the authority the certificate ends with it, and is not replaced every day', async () => {
  await using broker = await makeListeningBroker();
  const { files } = broker;
  await makeAccess(files);
  const ending = await makeCertificate(files.access, {
    commonName: 'celeroot authority',
    extensions: ['basicConstraints = critical, CA:TRUE', 'subjectKeyIdentifier = hash'],
    days: 50,
    signer: null,
  });
  await writeFile(files.authorityCertificate, ending.certificate);
  await writeFile(files.authorityKey, ending.key);
  await broker.start();
  const certificate = await readFile(files.certificate, 'utf8');
  const now = Date.now();

  for (const day of [0, 1, 30, 47]) {
    const due = await broker.certificateAt(now + day * DAY_MS);
    assert.equal(await renewCertificate(broker.controller(), due), false, `after ${day} days`);
  }
  assert.equal(await readFile(files.certificate, 'utf8'), certificate);
  const [authority, ...others] = await warnOfCertificates(files, now + 30 * DAY_MS);
  assert.match(authority ?? '', /^the authority that hosts pin ends at /);
  assert.deepEqual(others, [], 'nobody failed to renew it');
  const over = await broker.certificateAt(now + 50 * DAY_MS);
  await assert.rejects(renewCertificate(broker.controller(), over), /the authority that hosts pin ended at/);
});

test('what is secret is closed to others, and the key of the authority to Redis too', async () => {
  await using broker = await makeListeningBroker();
  await broker.start();
  const { files } = broker;
  const mine = process.getuid?.() ?? -1;

  for (const file of [files.authorityKey, files.password, files.certificate]) {
    const { mode, uid } = await stat(file);
    assert.deepEqual([mode & 0o777, uid], [0o600, mine], file);
  }
  assert.equal((await stat(files.access)).mode & 0o777, 0o700);
  const { uid } = await stat(files.folder);
  for (const file of [files.certificateInUse, files.users]) {
    const known = await stat(file);
    assert.deepEqual([known.mode & 0o777, known.uid], [0o600, uid], file);
  }
  const password = (await readFile(files.password, 'utf8')).trim();
  assert.ok(password.length >= 40);
  assert.ok(!(await readFile(files.users, 'utf8')).includes(password));
  assert.ok(!(await readFile(files.log, 'utf8')).includes(password));
});

test('two starts at once end with one Redis and one authority', async () => {
  await using broker = await makeListeningBroker();

  const started = await Promise.all([broker.start(), broker.start()]);

  assert.equal(started.filter(Boolean).length, 1);
  await using controller = await openControllerBroker(broker.controller());
  await controller.serverTime();
  assert.equal(typeof (await shown(broker.port, broker.forHosts().tls?.ca ?? undefined)), 'object');
});

test('by a name it listens at every address, and its certificate is for that name', async () => {
  await using broker = await makeListeningBroker('localhost');
  await broker.start();
  const { user, settings } = enrol(broker.forHosts(), web1, queues);
  await using controller = await openControllerBroker(broker.controller());
  await controller.setHostUser(user);

  await using worker = await openWorkerBroker(settings);
  await worker.serverTime();

  assert.equal(await shown(broker.port, settings.tls?.ca ?? undefined), 'ERR_TLS_CERT_ALTNAME_INVALID');
});

test('a certificate can be for an IPv6 address', async () => {
  await using broker = await makeListeningBroker();
  await broker.start();
  const { files } = broker;

  await prepareCertificate({ ...(await broker.certificateAt(Date.now())), host: 'fd00::1' });

  const certificate = new X509Certificate(await readFile(files.certificateInUse));
  assert.equal(certificate.checkIP('fd00:0::1'), 'fd00:0::1');
  assert.equal(certificate.checkIP('127.0.0.1'), undefined);
});

test('a port in use and an address of another machine are one clear error each', async () => {
  await using other = await startRedis();
  await using broker = await makeListeningBroker();
  const { folder } = broker.files;
  const start = async (node: { host: string; port: number }): Promise<boolean> =>
    await startEmbeddedBroker({ folder, listen: { node, environment: null, users: [] } });

  await assert.rejects(start({ host: '127.0.0.1', port: other.port }), (error: unknown) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, new RegExp(`did not start: another program listens at port ${other.port}$`));
    assert.match(error.hint ?? '', /^see which: {2}ss -ltnp .* broker\.listen$/);
    return true;
  });
  await assert.rejects(start({ host: '192.0.2.1', port: broker.port }), (error: unknown) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, /192\.0\.2\.1:\d+ is no address of this machine$/);
    return true;
  });
});

test('a Redis that runs and listens elsewhere than the configuration says is not taken for it', async () => {
  await using broker = await makeListeningBroker();
  const { files, port } = broker;
  await startEmbeddedBroker({ folder: files.folder });

  await assert.rejects(broker.start(), (error: unknown) => {
    assert.ok(error instanceof RejectedError);
    assert.equal(error.code, 'BROKER_RUNS');
    assert.match(error.message, new RegExp(`listen at its socket alone, .* says now 127\\.0\\.0\\.1:${port}$`));
    assert.match(error.hint ?? '', /celeroot down/);
    return true;
  });
  await stopEmbeddedBroker(files);
  await broker.start();
  await assert.rejects(startEmbeddedBroker({ folder: files.folder }), /says now its socket alone$/);
});

test('access of which a part is gone is one clear error', async () => {
  await using broker = await makeListeningBroker();
  await broker.start();
  await stopEmbeddedBroker(broker.files);
  await rm(broker.files.password);
  await assert.rejects(broker.start(), /the controller’s password cannot be read: ENOENT/);
  await rm(broker.files.authorityCertificate);
  await assert.rejects(broker.start(), /ca\.crt is no certificate$/);
});
