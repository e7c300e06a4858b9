/**
 * KEYS: decision, slots of the schedule, unsent, sender, noticed. ARGV: record, its lifetime, slot, how many are listed,
 * who sends its orders or nothing when none are sent, name of the slot, how long the sender has for it. Returns 1 unless
 * there is a decision.
 */
export const DECIDE_SLOT = `
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[4]))
redis.call('HDEL', KEYS[5], ARGV[6])
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[3], ARGV[6], '0')
  redis.call('SET', KEYS[4], ARGV[5], 'PX', ARGV[7])
end
return 1
`;

/** KEYS: sender. ARGV: who asks. A lease that has lapsed is nobody's. */
const UNLESS_ANOTHERS = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
`;

/** KEYS: sender. ARGV: who asks, how long he has it. Returns 1 unless another has it. */
export const CLAIM_SLOT = `${UNLESS_ANOTHERS}
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

/**
 * KEYS: sender, unsent. ARGV: who sends, name of the slot, until when its orders are sent. What is not unsent any more
 * does not become so again, by who wakes late.
 */
export const SLOT_SENT_UNTIL = `${UNLESS_ANOTHERS}
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1
`;

/** KEYS: sender, unsent. ARGV: who sends, name of the slot. */
export const ALL_SLOT_SENT = `${UNLESS_ANOTHERS}
return redis.call('HDEL', KEYS[2], ARGV[2])
`;
