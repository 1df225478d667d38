-- The session whose post is due first, kept from others who ask for as long as it takes to claim it.
-- KEYS: due. ARGV: time, that long.
local now = time(ARGV[1])
local first = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(now), 'LIMIT', 0, 1)[1]
if first then redis.call('ZADD', KEYS[1], text(now + tonumber(ARGV[2])), first) end
return first
