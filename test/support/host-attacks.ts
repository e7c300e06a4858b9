/** Commands, one after the other on one connection; the last must be refused. */
export type Attack = readonly (readonly string[])[];

export type AttackScene = {
  /** What all keys begin with. */
  readonly p: string;
  /** A run that both hosts are part of. */
  readonly run: string;
};

/** Keys: the attacker is web1 of the role `web`, the victim web2 of the role `db`. */
export function hostAttacks({ p, run }: AttackScene): readonly Attack[] {
  const job = `${run}.web2`;
  const [own, theirs] = [`${p}:host.web1`, `${p}:host.web2`];
  const [record, cancel, trust] = [`${p}:run:${run}`, `${p}:run:${run}:cancel`, `${p}:trust`];
  const [theirReports, operators] = [`${record}:reports:web2`, `${record}:reports:`];
  const script = (text: string, ...keys: string[]): Attack => [['EVAL', text, String(keys.length), ...keys]];
  return [
    ...onQueues({ own, theirs, job, role: `${p}:role.db` }),
    ...onWords({ p, theirReports, operators, record, cancel, trust }),
    ...betweenKeys({ own, theirs, theirReports, job, trust }),
    script("return redis.call('HGETALL', KEYS[1])", `${theirs}:${job}`),
    script(`return redis.call('HGETALL', '${theirs}:${job}')`),
    script(`return redis.call('SET', '${p}:presence:web2', 'x')`, `${own}:wait`),
    script("return redis.call('HSET', KEYS[1], 'newest', '9')", trust),
    script(`return redis.call('HSET', '${trust}', 'newest', '9')`),
    script(`return redis.call('XADD', '${theirReports}', '*', 'report', '{}')`),
    script(`return redis.call('DEL', '${record}')`),
    script("return redis.call('KEYS', '*')"),
    script("return redis.call('FLUSHALL')"),
    script("return redis.call('CONFIG', 'GET', '*')"),
    script("return redis.call('ACL', 'SETUSER', 'default', 'nopass')"),
    script("getmetatable('').__index = function() return redis.call end"),
    script('rawset(redis, "call", nil)'),
    script('return os.execute("id")'),
    script('return loadfile("/etc/passwd")'),
    [['MULTI'], ['DEL', `${theirs}:wait`]],
    [['MULTI'], ['HSET', trust, 'newest', '9'], ['EXEC']],
    ...SERVER_COMMANDS.map((line): Attack => [line.split(' ')]),
    [['ACL', 'SETUSER', 'celeroot.web1', '~*', '+@all']],
    [['KEYS', `${p}:*`]],
    [['PUBLISH', `${theirs}:events`, 'x']],
    [['SUBSCRIBE', '__keyspace@0__:*']],
    [['AUTH', 'default', '']],
    [['AUTH', 'celeroot.web2', 'guess']],
    [['RESET'], ['GET', `${p}:presence:web2`]],
  ];
}

type QueueKeys = { readonly own: string; readonly theirs: string; readonly job: string; readonly role: string };

function onQueues({ theirs, job, role }: QueueKeys): readonly Attack[] {
  return [
    [['HGETALL', `${theirs}:${job}`]],
    [['HGET', `${theirs}:${job}`, 'data']],
    [['LRANGE', `${theirs}:wait`, '0', '-1']],
    [['EXISTS', `${theirs}:wait`]],
    [['TYPE', `${theirs}:wait`]],
    [['LPUSH', `${theirs}:wait`, 'forged']],
    [['LREM', `${theirs}:wait`, '0', job]],
    [['DEL', `${theirs}:wait`]],
    [['UNLINK', `${theirs}:${job}`]],
    [['HSET', `${theirs}:${job}`, 'data', '{}']],
    [['HSET', `${theirs}:meta`, 'paused', '1']],
    [['SET', `${theirs}:${job}:lock`, 'mine']],
    [['ZADD', `${theirs}:marker`, '0', '0']],
    [['BZPOPMIN', `${theirs}:marker`, '0.01']],
    [['PEXPIRE', `${theirs}:${job}`, '1']],
    [['LPUSH', `${role}:wait`, 'forged']],
    [['HSET', `${role}:meta`, 'paused', '1']],
    [['LRANGE', `${role}:wait`, '0', '-1']],
  ];
}

type WordKeys = {
  readonly p: string;
  readonly theirReports: string;
  readonly operators: string;
  readonly record: string;
  readonly cancel: string;
  readonly trust: string;
};

function onWords({ p, theirReports, operators, record, cancel, trust }: WordKeys): readonly Attack[] {
  return [
    [['GET', `${p}:presence:web2`]],
    [['SET', `${p}:presence:web2`, '{}']],
    [['PEXPIRE', `${p}:presence:web2`, '1']],
    [['DEL', `${p}:presence:web2`]],
    [['SET', `${p}:facts:web2`, '{}']],
    [['XADD', `${p}:refusals:web2`, '*', 'refusal', '{}']],
    [['XADD', theirReports, '*', 'report', '{}', 'signature', '']],
    [['XADD', theirReports, 'MAXLEN', '0', '*', 'a', 'b']],
    [['XTRIM', theirReports, 'MAXLEN', '0']],
    [['DEL', theirReports]],
    [['PEXPIRE', theirReports, '1']],
    [['XREAD', 'STREAMS', theirReports, '0']],
    [['XRANGE', theirReports, '-', '+']],
    [['XGROUP', 'CREATE', theirReports, 'g', '0']],
    [['XADD', operators, '*', 'report', '{}', 'signature', '']],
    [['GET', record]],
    [['SET', record, '{}']],
    [['SET', `${p}:run:01J00000000000000000000000`, '{}', 'NX']],
    [['DEL', record]],
    [['ZADD', `${p}:runs`, '0', 'x']],
    [['ZREM', `${p}:runs`, 'x']],
    [['ZRANGE', `${p}:runs`, '0', '-1']],
    [['SET', cancel, 'x']],
    [['DEL', cancel]],
    [['PEXPIRE', cancel, '1']],
    [['HSET', trust, 'newest', '9']],
    [['HDEL', trust, '1']],
    [['DEL', trust]],
    [['SET', trust, 'x']],
  ];
}

type PairKeys = {
  readonly own: string;
  readonly theirs: string;
  readonly theirReports: string;
  readonly job: string;
  readonly trust: string;
};

/** Commands that carry something from one key to another, or to another place. */
function betweenKeys({ own, theirs, theirReports, job, trust }: PairKeys): readonly Attack[] {
  return [
    [['RPOPLPUSH', `${theirs}:wait`, `${own}:wait`]],
    [['RPOPLPUSH', `${own}:wait`, `${theirs}:wait`]],
    [['LMOVE', `${theirs}:wait`, `${own}:wait`, 'LEFT', 'LEFT']],
    [['COPY', `${theirs}:${job}`, `${own}:stolen`]],
    [['COPY', `${own}:wait`, `${own}:other`, 'DB', '1']],
    [['RENAME', `${theirs}:wait`, `${own}:stolen`]],
    [['RENAME', `${own}:wait`, trust]],
    [['SMOVE', `${own}:stalled`, `${theirs}:stalled`, 'x']],
    [['SORT', `${own}:wait`, 'BY', `${theirs}:*->data`, 'GET', `${theirs}:*->data`]],
    [['SORT', `${own}:wait`, 'STORE', `${theirs}:wait`]],
    [['SORT_RO', `${own}:wait`, 'GET', `${theirs}:*->data`]],
    [['SUNIONSTORE', `${own}:all`, `${theirs}:stalled`]],
    [['ZUNIONSTORE', `${theirs}:marker`, '1', `${own}:marker`]],
    [['ZRANGESTORE', `${theirs}:marker`, `${own}:marker`, '0', '-1']],
    [['BITOP', 'NOT', `${theirs}:meta`, `${own}:meta`]],
    [['PFMERGE', `${theirs}:meta`, `${own}:meta`]],
    [['GEORADIUS', `${own}:geo`, '0', '0', '1', 'km', 'STORE', `${theirs}:wait`]],
    [['LCS', `${own}:a`, `${theirs}:${job}`]],
    [['DUMP', `${theirs}:${job}`]],
    [['RESTORE', `${theirs}:wait`, '0', 'x', 'REPLACE']],
    [['MIGRATE', '127.0.0.1', '1', `${theirs}:wait`, '0', '10', 'COPY']],
    [['MOVE', `${own}:wait`, '1']],
    [['OBJECT', 'ENCODING', theirReports]],
    [['OBJECT', 'FREQ', `${theirs}:wait`]],
    [['MEMORY', 'USAGE', theirReports]],
    [['DEBUG', 'OBJECT', theirReports]],
    [['TOUCH', `${theirs}:wait`]],
    [['WATCH', `${theirs}:wait`]],
  ];
}

const SERVER_COMMANDS: readonly string[] = [
  'SCAN 0',
  'RANDOMKEY',
  'DBSIZE',
  'SELECT 1',
  'SWAPDB 0 1',
  'FLUSHALL',
  'FLUSHDB',
  'CONFIG GET *',
  'CONFIG SET maxmemory 1mb',
  'CONFIG REWRITE',
  'MONITOR',
  'CLIENT LIST',
  'CLIENT KILL TYPE normal',
  'CLIENT PAUSE 100',
  'CLIENT TRACKING ON BCAST',
  'CLIENT NO-EVICT ON',
  'ACL LIST',
  'ACL GETUSER default',
  'ACL LOG',
  'ACL DELUSER controller',
  'SCRIPT FLUSH',
  'SCRIPT LOAD x',
  'SCRIPT KILL',
  'FUNCTION FLUSH',
  'FUNCTION LIST',
  'FCALL f 0',
  'PSUBSCRIBE *',
  'SSUBSCRIBE x',
  'REPLICAOF 127.0.0.1 1',
  'PSYNC ? -1',
  'SYNC',
  'FAILOVER',
  'CLUSTER RESET',
  'MODULE LOAD /tmp/x.so',
  'SHUTDOWN NOSAVE',
  'DEBUG SLEEP 0',
  'SAVE',
  'BGREWRITEAOF',
  'SLOWLOG GET',
  'LATENCY RESET',
  'COMMAND LIST',
  'WAIT 0 0',
  'MEMORY DOCTOR',
];
