-- Schedules that were written after a version: {{id, version, record or '' when it was removed}, …}.
-- KEYS: records, versions. ARGV: after, limit.
local found = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local read = {}
for i = 1, #found, 2 do
  read[#read + 1] = {found[i], found[i + 1], redis.call('HGET', KEYS[1], found[i]) or ''}
end
return read
