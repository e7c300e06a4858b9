/*
 * Scripts that Redis runs as one step. The driver of a roll-out is a hash: `token` counts up with each that takes over,
 * `owner` and `by` say who it is, `until` to when it is left alone.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** KEYS: driver. ARGV: owner, by, how long, lifetime. Returns the token; or 0, who has it, and for how long. */
export const TAKE_DRIVING = `${NOW}
local known = redis.call('HMGET', KEYS[1], 'token', 'owner', 'by', 'until')
if known[2] == ARGV[1] then return {tonumber(known[1])} end
local left = (tonumber(known[4]) or 0) - now
if left > 0 then return {0, known[3], left} end
local token = redis.call('HINCRBY', KEYS[1], 'token', 1)
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'by', ARGV[2], 'until', now + ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {token}
`;

/** KEYS: driver. ARGV: token, how long. With 0 it is given up. Returns 1 unless another has taken over. */
export const KEEP_DRIVING = `${NOW}
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'until', now + ARGV[2])
if ARGV[2] == '0' then redis.call('HDEL', KEYS[1], 'owner') end
return 1
`;

/** KEYS: driver. Returns who has it, and for how long; nothing when nobody does. */
export const WHO_DRIVES = `${NOW}
local known = redis.call('HMGET', KEYS[1], 'by', 'until')
local left = (tonumber(known[2]) or 0) - now
if left > 0 then return {known[1], left} end
return {}
`;

/** KEYS: driver, history. ARGV: token, text, lifetime. Returns 1 unless another has taken over. */
export const WRITE_ENTRY = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('XADD', KEYS[2], '*', 'entry', ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
`;

/**
 * KEYS: driver, history, cancel mark, locks. ARGV: token, lifetime, request. A host that is locked already, for another
 * run, takes no more room of its roles; it has a turn of this run besides only if both may share it. Returns what came
 * of it, then the hosts that have their turn.
 */
export const GRANT_TURNS = `${NOW}
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return {'lost'} end
if redis.call('EXISTS', KEYS[3]) == 1 then return {'cancelled'} end
local request = cjson.decode(ARGV[3])
local taken = {}
local others = {}
local function note(lock)
  for _, role in ipairs(lock.roles) do
    taken[role] = taken[role] or {count = 0, hosts = {}}
    if not taken[role].hosts[lock.host] then
      taken[role].hosts[lock.host] = true
      taken[role].count = taken[role].count + 1
    end
  end
  if lock.run ~= request.run then
    others[lock.host] = others[lock.host] or {alone = false}
    if lock.alone == true then others[lock.host].alone = true end
  end
end
local locks = redis.call('HGETALL', KEYS[4])
for index = 1, #locks, 2 do
  local isJson, lock = pcall(cjson.decode, locks[index + 1])
  local isLock = isJson and type(lock) == 'table' and type(lock['until']) == 'number' and type(lock.roles) == 'table'
    and type(lock.host) == 'string'
  if isLock and lock['until'] > now then note(lock) else redis.call('HDEL', KEYS[4], locks[index]) end
end
local function hasRoom(host, roles)
  for _, role in ipairs(roles) do
    local known = taken[role] or {count = 0, hosts = {}}
    if not known.hosts[host] and known.count >= request.limits[role] then return false end
  end
  return true
end
local function mayShare(host)
  local known = others[host]
  return known == nil or not (request.alone or known.alone)
end
local granted = {}
for _, asked in ipairs(request.hosts) do
  if mayShare(asked.host) and hasRoom(asked.host, asked.roles) then
    granted[#granted + 1] = asked.host
    local lock = {
      host = asked.host, run = request.run, roles = asked.roles, alone = request.alone, at = now,
      ['until'] = request['until']
    }
    note(lock)
    redis.call('HSET', KEYS[4], asked.host .. ' ' .. request.run, cjson.encode(lock))
  end
end
if #granted > 0 then
  redis.call('XADD', KEYS[2], '*', 'entry', cjson.encode({kind = 'released', hosts = granted}))
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
table.insert(granted, 1, 'granted')
return granted
`;
