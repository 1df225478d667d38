-- Takes a removed session out of what spans sessions, unless it is there again.
-- KEYS: dirty, active, applied, due, versions. ARGV: session, idle before.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
local active = redis.call('ZSCORE', KEYS[2], ARGV[1])
if active and tonumber(active) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[5], ARGV[1])
return 1
