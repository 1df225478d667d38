-- Claims the oldest unsent post if it is due: {version, due time, post, attempt, whether ambiguous}; without the last three when
-- it is not. KEYS: info, posts, outcomes. ARGV: time, token, ttl.
local info = redis.call('HMGET', KEYS[1], 'version', 'dueAt', 'claim', 'ambiguous')
if not info[2] then return {info[1] or '', ''} end
local now = time(ARGV[1])
if now < tonumber(info[2]) then return {info[1], info[2]} end
local ambiguous = (info[3] or info[4]) and 1 or 0
local dueAt = text(now + tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'claim', ARGV[2], 'dueAt', dueAt)
if ambiguous == 1 then redis.call('HSET', KEYS[1], 'ambiguous', 1) end
local attempt = redis.call('HINCRBY', KEYS[1], 'attempts', 1)
local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
local post = redis.call('LINDEX', KEYS[2], redis.call('LLEN', KEYS[3]))
return {version, dueAt, post, attempt, ambiguous}
