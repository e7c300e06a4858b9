/** KEYS: streams. ARGV: most bytes. Returns those that take more of Redis' memory. */
export const FIND_OVERSIZED = `
local oversized = {}
for _, key in ipairs(KEYS) do
  local bytes = redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0)
  if bytes and bytes > tonumber(ARGV[1]) then oversized[#oversized + 1] = key end
end
return oversized
`;
