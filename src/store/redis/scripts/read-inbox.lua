-- The sequence number before the first of the messages, then the messages. KEYS: info, inbox. ARGV: after.
local last = tonumber(redis.call('HGET', KEYS[1], 'inboxSeq') or '0')
local read = last - redis.call('LLEN', KEYS[2])
local skip = math.max(tonumber(ARGV[1]) - read, 0)
return {read + skip, redis.call('LRANGE', KEYS[2], skip, -1)}
