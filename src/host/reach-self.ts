import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createConnection, isIP, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls, getCACertificates } from 'node:tls';
import { CommandError, messageOf } from '../core/errors.ts';
import type { ReachAnswer, ReachTarget } from '../core/step.ts';

/**
 * Asks this host about itself, from itself: whether a TCP port accepts, or with which status a web server answers. A
 * connection goes to an address of this host whatever name a URL has, which only says for whom it is asked (`Host`, SNI
 * and what the certificate must name); so nobody can have a host ask others.
 */
export async function reachSelf(target: ReachTarget, timeoutMs: number): Promise<ReachAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    if (target.kind === 'port') {
      (await connectToSelf(target.port, signal)).destroy();
      return { ok: true, status: null };
    }
    return { ok: true, status: await statusOf(new URL(target.url), signal) };
  } catch (error) {
    return { ok: false, why: signal.aborted ? `no answer within ${timeoutMs / 1000} s` : messageOf(error) };
  }
}

/** To the first of this host's addresses that accepts. */
async function connectToSelf(port: number, signal: AbortSignal): Promise<Socket> {
  let reason: unknown = null;
  for (const host of ownAddresses()) {
    try {
      return await connect(host, port, signal);
    } catch (error) {
      reason ??= error;
      signal.throwIfAborted();
    }
  }
  throw new CommandError('COMMAND_FAILED', `nothing accepts on port ${port}`, { cause: reason });
}

function ownAddresses(): readonly string[] {
  const others = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const usable = others.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return ['127.0.0.1', '::1', ...usable.map(({ address }) => address)];
}

async function connect(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, signal });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function statusOf(url: URL, signal: AbortSignal): Promise<number> {
  const isSecure = url.protocol === 'https:';
  const plain = await connectToSelf(Number(url.port) || (isSecure ? 443 : 80), signal);
  const socket = isSecure ? secure(plain, url.hostname) : plain;
  try {
    return await new Promise((resolve, reject) => {
      socket.once('error', reject);
      const options = { signal, createConnection: () => socket, headers: { 'user-agent': 'celeroot' } };
      const request = (isSecure ? httpsRequest : httpRequest)(url, options);
      request.once('response', ({ statusCode }) => resolve(statusCode ?? 0));
      request.once('error', reject);
      request.end();
    });
  } finally {
    socket.destroy();
    plain.destroy();
  }
}

/** Believes the authorities that the host believes, beside the well-known ones. */
function secure(socket: Socket, hostname: string): Socket {
  const ca = [...getCACertificates('bundled'), ...getCACertificates('system')];
  const name = hostname.replaceAll(/^\[|\]$/g, '');
  return connectTls({ socket, ca, host: name, servername: isIP(name) === 0 ? name : '' });
}
