/*
 * Scripts on the hash of trust files: each under its version, and under `newest` the version that hosts are shown as the
 * newest.
 */

const SHOWN = `
local newest = redis.call('HGET', KEYS[1], 'newest')
local envelope = newest and redis.call('HGET', KEYS[1], newest)
`;

/** KEYS: trust. Returns the newest version and its envelope, as they stand there. */
export const SHOW_TRUST = `${SHOWN}
return {newest, envelope}
`;

/** KEYS: trust. ARGV: version, envelope, envelope that was shown. Returns 1 unless another is shown by now. */
export const PUBLISH_TRUST = `${SHOWN}
if (envelope or '') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], 'newest', ARGV[1])
return 1
`;
