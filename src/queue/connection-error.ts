import { CelerootError, ConnectionError, messageOf, type ErrorCode } from '../core/errors.ts';
import { systemCode } from '../core/system-error.ts';

type Diagnosis = {
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint: string;
  /** Whether `what` says all there is to say; otherwise the client's words follow. */
  readonly isWhole?: true;
};

/**
 * Turns what a Redis client throws into one error a person can act on: what is wrong at which address, and what to type.
 * Our own errors pass unchanged.
 */
export function connectionError(error: unknown, address: string): CelerootError {
  if (error instanceof CelerootError) return error;
  const { code, what, hint, isWhole } = diagnose(error);
  const words = isWhole === true ? '' : `: ${firstLine(messageOf(innermost(error)))}`;
  return new ConnectionError(code, `${what} at ${address}${words}`, {
    hint,
    cause: error,
  });
}

/** Whether Redis may take the same command later: it is away, busy, full, or does not know us for now. */
export function isPassing(error: unknown): boolean {
  if (error instanceof CelerootError) return false;
  return !isReply(error) || PASSING_REPLIES.has(replyCode(error));
}

/** Whether Redis itself said no, rather than the way to it being cut. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Whether a key holds another type of value than the command is for; who may write a key can make it so. */
export function isWrongType(error: unknown): boolean {
  return messageOf(error).startsWith('WRONGTYPE');
}

/** Whether Redis does not know the user or the password. */
export function isUnknownLogin(error: unknown): boolean {
  const said = innermost(error);
  return isReply(said) && ['NOAUTH', 'WRONGPASS'].includes(replyCode(said));
}

const PASSING_REPLIES: ReadonlySet<string> = new Set([
  'BUSY',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'NOAUTH',
  'NOPERM',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'WRONGPASS',
]);

function replyCode(error: unknown): string {
  return /^[A-Z]+/.exec(messageOf(error))?.[0] ?? '';
}

function diagnose(error: unknown): Diagnosis {
  const said = innermost(error);
  const text = wholeText(said);
  const known = DIAGNOSES.find(({ pattern }) => pattern.test(text));
  return known ?? (isReply(said) && !isPassing(said) ? NOT_TAKEN : UNREACHABLE);
}

function wholeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${systemCode(error) ?? ''} ${error.name} ${error.message}`;
}

/** A cluster client wraps what its nodes said. */
function innermost(error: unknown): unknown {
  return error instanceof Error && 'lastNodeError' in error && error.lastNodeError !== undefined
    ? innermost(error.lastNodeError)
    : error;
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').slice(0, 300).replace(/(?:\. Please report this)?\.?$/, '');
}

const UNREACHABLE: Diagnosis = {
  code: 'BROKER_UNREACHABLE',
  what: 'cannot reach Redis',
  hint: 'check broker.url in the configuration, and that Redis runs there: redis-cli -u URL ping',
};

const NOT_TAKEN: Diagnosis = {
  code: 'BROKER_UNFIT',
  what: 'Redis does not take a command',
  hint: 'see what is wrong with it:  celeroot broker check ; or does another program write to the keys of this fleet?',
};

/** First match wins. Patterns are Redis' error codes, errno names and OpenSSL's and the client's own words. */
const DIAGNOSES: readonly (Diagnosis & { readonly pattern: RegExp })[] = [
  {
    pattern: /WRONGPASS|invalid password/,
    code: 'BROKER_REFUSED',
    what: 'wrong user or password for Redis',
    isWhole: true,
    hint: 'check broker.user and broker.password_file, or CELEROOT_REDIS_USER and CELEROOT_REDIS_PASSWORD; for the embedded Redis, celeroot down and then celeroot up',
  },
  {
    pattern: /NOAUTH/,
    code: 'BROKER_REFUSED',
    what: 'a password is needed and none is set for Redis',
    isWhole: true,
    hint: 'set broker.password_file, or CELEROOT_REDIS_PASSWORD; for the embedded Redis, celeroot down and then celeroot up',
  },
  {
    pattern: /NOPERM/,
    code: 'BROKER_REFUSED',
    what: 'Redis does not let this user do what is needed',
    hint: 'look at the rights of the user with: redis-cli ACL GETUSER NAME, and at what it was denied with: redis-cli ACL LOG',
  },
  {
    pattern: /DENIED/,
    code: 'BROKER_REFUSED',
    what: 'connections from other machines are not taken by Redis in protected mode',
    isWhole: true,
    hint: 'give Redis a password (requirepass or ACL users) and TLS before it listens for other hosts',
  },
  {
    pattern: /max number of clients/,
    code: 'BROKER_REFUSED',
    what: 'Redis has no place for another client',
    hint: 'redis-cli CONFIG SET maxclients 20000',
  },
  {
    pattern: /ParserError|Protocol error|Unknown RESP type/,
    code: 'BROKER_UNFIT',
    what: 'what answers is not Redis',
    hint: 'check host and port of broker.url; for Redis with TLS use rediss://',
  },
  {
    pattern: /DB index is out of range/,
    code: 'BROKER_UNFIT',
    what: 'there is no database of that number in Redis',
    isWhole: true,
    hint: 'the number after the slash of broker.url must be below that of: redis-cli CONFIG GET databases',
  },
  {
    pattern: /cluster support disabled/,
    code: 'BROKER_UNFIT',
    what: 'this is a single Redis, not a Cluster',
    hint: 'use broker.url instead of broker.cluster',
  },
  {
    pattern: /All sentinels are unreachable/,
    code: 'BROKER_UNREACHABLE',
    what: 'no Sentinel knows a master',
    hint: 'check broker.sentinel.nodes and broker.sentinel.master: redis-cli -h HOST -p PORT SENTINEL MASTERS',
  },
  {
    pattern: /ECONNRESET|EPIPE/,
    code: 'BROKER_UNREACHABLE',
    what: 'the connection was closed before Redis answered',
    hint: 'check host and port of broker.url; for Redis with TLS use rediss://',
  },
  {
    pattern: /wrong version number|packet length too long|ERR_SSL_|EPROTO/i,
    code: 'BROKER_UNREACHABLE',
    what: 'there is no TLS',
    hint: 'use redis:// and no broker.tls for a Redis without TLS, or the port on which Redis has tls-port',
  },
  {
    pattern: /certificate|CERT_|UNABLE_TO_/i,
    code: 'BROKER_REFUSED',
    what: 'the certificate of Redis is not trusted',
    hint: 'set broker.ca_file to the authority that signed it, and use a host name that is in it',
  },
  {
    pattern: /OOM/,
    code: 'BROKER_UNFIT',
    what: 'Redis is out of memory and takes nothing more',
    hint: 'give it more: redis-cli CONFIG SET maxmemory 1gb',
  },
  {
    pattern: /MISCONF/,
    code: 'BROKER_UNFIT',
    what: 'Redis cannot write to its disk and takes nothing',
    hint: 'free space on the disk of Redis, or see its log',
  },
  {
    pattern: /LOADING/,
    code: 'BROKER_UNREACHABLE',
    what: 'Redis is still reading its data',
    hint: 'try again in a few seconds',
  },
  {
    pattern: /ENOENT/,
    code: 'BROKER_UNREACHABLE',
    what: 'there is no Redis socket',
    hint: 'start Redis, or for the embedded one: celeroot up',
  },
  {
    pattern: /EACCES/,
    code: 'BROKER_UNREACHABLE',
    what: 'the Redis socket may not be opened by this user',
    hint: 'run as root, or see the mode of the socket with: ls -l',
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN/,
    code: 'BROKER_UNREACHABLE',
    what: 'the name of the Redis host is unknown',
    hint: 'check the host in broker.url, and: getent hosts NAME',
  },
  {
    pattern: /ETIMEDOUT|timed out/i,
    code: 'BROKER_UNREACHABLE',
    what: 'Redis does not answer',
    hint: 'check broker.url and the firewalls between: nc -vz HOST PORT',
  },
];
