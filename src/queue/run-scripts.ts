/**
 * KEYS: record, writer, list. ARGV: record, lifetime, who writes, how long that is known, time, id. Returns 1 when the
 * record is theirs: sent again after a cut, they find what they have stored.
 */
export const STORE_RUN = `
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
  redis.call('ZADD', KEYS[3], 'NX', ARGV[5], ARGV[6])
  return 1
end
return redis.call('GET', KEYS[2]) == ARGV[3] and 1 or 0
`;
