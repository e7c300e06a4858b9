import { resolve } from 'node:path';
import type * as z from 'zod';
import type { BrokerNode, BrokerSettings } from '../core/broker-settings.ts';
import { embeddedFiles, embeddedFolder, type EmbeddedFiles } from '../core/embedded-files.ts';
import { Secret } from '../core/secret.ts';
import { parseBrokerUrl, type BrokerUrl } from './broker-url.ts';
import type { ConfigPath, Finding } from './config-problem.ts';
import { readBytes } from './read-bytes.ts';
import { parseListen, readControllerLogin, readListening } from './read-listen.ts';
import type { brokerSchema } from './schema.ts';
import { stateDirIn } from './state-dir.ts';
import { systemCode } from '../core/system-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the paths and passwords of a configuration depend on. */
export type Surroundings = {
  /** Folder of the configuration file; its relative paths start there. */
  readonly folder: string;
  readonly env: Environment;
};

type BrokerFile = z.output<typeof brokerSchema>;
type Result = { readonly settings: BrokerSettings | null; readonly findings: readonly Finding[] };

/** Makes settings of the broker section, reading the files it names. The section has exactly one kind of endpoint. */
export function readBroker(broker: BrokerFile, around: Surroundings): Result {
  const findings: Finding[] = [];
  const note: Note = (key, message) => {
    findings.push({ path: ['broker', ...key], at: 'value', message });
    return null;
  };
  const url = broker.url === undefined ? null : readUrl(broker.url, note);
  const files = embeddedFiles(embeddedFolder(stateDirIn(around.env, process.cwd())));
  const endpoint = endpointOf(broker, { url, files, note });
  const tls = readTls(broker, { wanted: url?.tls === true, folder: around.folder, note });
  const listen = readListen(broker, files, note);
  const environment = broker.environment ?? null;
  const embedded = broker.embedded === true;
  if (embedded) refuseWithEmbedded(broker, note);
  const own = listen === null ? NOBODY : readControllerLogin(environment, files);
  const login = embedded ? own : readLogin(broker, { url, around, note });
  if (endpoint === null || findings.length > 0) return { settings: null, findings };
  return {
    settings: { endpoint, tls, database: url?.database ?? 0, ...login, embedded, listen, environment },
    findings,
  };
}

type Note = (key: ConfigPath, message: string) => null;

const NOBODY = { user: null, password: null };

function readUrl(text: string, note: Note): BrokerUrl | null {
  const parsed = parseBrokerUrl(text);
  return typeof parsed === 'string' ? note(['url'], parsed) : parsed;
}

type EndpointParts = { readonly url: BrokerUrl | null; readonly files: EmbeddedFiles; readonly note: Note };

function endpointOf(broker: BrokerFile, { url, files, note }: EndpointParts): BrokerSettings['endpoint'] | null {
  if (broker.sentinel !== undefined) {
    const nodes = readNodes(broker.sentinel.nodes, 'sentinel', note);
    return { kind: 'sentinel', master: broker.sentinel.master, nodes };
  }
  if (broker.cluster !== undefined) return { kind: 'cluster', nodes: readNodes(broker.cluster.nodes, 'cluster', note) };
  if (broker.embedded !== true) return url?.endpoint ?? null;
  return { kind: 'socket', path: files.socket };
}

function readListen(broker: BrokerFile, files: EmbeddedFiles, note: Note): BrokerSettings['listen'] {
  if (broker.listen === undefined) return null;
  if (broker.embedded !== true) return note(['listen'], 'is of use only with embedded: true');
  const node = parseListen(broker.listen);
  return typeof node === 'string' ? note(['listen'], node) : readListening(node, files);
}

function readNodes(nodes: readonly string[], key: string, note: Note): BrokerNode[] {
  return nodes.map((text, index) => {
    const colon = text.lastIndexOf(':');
    const port = Number(text.slice(colon + 1));
    if (port < 1 || port > 65_535) note([key, 'nodes', index], 'expected a port from 1 to 65535 after the colon');
    return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
  });
}

type TlsParts = { readonly wanted: boolean; readonly folder: string; readonly note: Note };

function readTls(broker: BrokerFile, { wanted, folder, note }: TlsParts): BrokerSettings['tls'] {
  if (wanted && broker.tls === false) return note(['tls'], 'cannot be false with rediss://');
  if (broker.tls !== undefined && broker.listen !== undefined) return note(['tls'], 'goes without saying with listen');
  const overSocket = broker.embedded === true || broker.url?.startsWith('unix:') === true;
  if (broker.tls === true && overSocket) return note(['tls'], 'is not possible over a unix socket');
  return wanted || broker.tls === true ? readAuthority(broker, folder, note) : refuseAuthority(broker, note);
}

function refuseAuthority(broker: BrokerFile, note: Note): null {
  for (const key of ['ca', 'ca_file'] as const) {
    if (broker[key] !== undefined) note([key], 'is of use only with tls: true or rediss://');
  }
  return null;
}

function readAuthority({ ca: inline, ca_file: file }: BrokerFile, folder: string, note: Note): BrokerSettings['tls'] {
  if (inline === undefined && file === undefined) return { ca: null };
  if (inline !== undefined && file !== undefined) return note(['ca'], 'cannot stand beside ca_file');
  const ca = inline ?? readText(resolve(folder, file ?? ''), (reason) => note(['ca_file'], reason));
  if (ca === null) return null;
  const key = inline === undefined ? 'ca_file' : 'ca';
  return ca.includes('-----BEGIN CERTIFICATE-----') ? { ca } : note([key], 'holds no certificate in PEM');
}

function refuseWithEmbedded(broker: BrokerFile, note: Note): void {
  for (const key of ['user', 'password', 'password_file'] as const) {
    if (broker[key] !== undefined) note([key], 'is not used by the embedded broker, whose socket only root can open');
  }
}

type LoginParts = { readonly url: BrokerUrl | null; readonly around: Surroundings; readonly note: Note };

/** The environment wins over a file, a file over clear text. */
function readLogin(broker: BrokerFile, { url, around, note }: LoginParts): Pick<BrokerSettings, 'user' | 'password'> {
  const { env, folder } = around;
  const user = nonEmpty(env['CELEROOT_REDIS_USER']) ?? broker.user ?? url?.user ?? null;
  const password = nonEmpty(env['CELEROOT_REDIS_PASSWORD']) ?? readPassword(broker, folder, note) ?? url?.password;
  if (user !== null && password === undefined && broker.password_file === undefined) note(['user'], 'needs a password');
  return { user, password: password === undefined ? null : new Secret(password) };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function readPassword(broker: BrokerFile, folder: string, note: Note): string | undefined {
  if (broker.password_file === undefined) return broker.password;
  const text = readText(resolve(folder, broker.password_file), (reason) => note(['password_file'], reason));
  const line = text?.split('\n')[0]?.replace(/\r$/, '');
  if (line === '') note(['password_file'], 'has an empty first line, where the password should be');
  return nonEmpty(line);
}

/** A password or a list of certificate authorities. */
const MAX_TEXT_BYTES = 1024 * 1024;

function readText(file: string, complain: (reason: string) => null): string | null {
  try {
    const read = readBytes(file, MAX_TEXT_BYTES);
    return Buffer.isBuffer(read) ? read.toString('utf8') : complain(`${file} ${read.reason}`);
  } catch (error) {
    const code = systemCode(error) ?? 'unknown error';
    return complain(`${file} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`);
  }
}
