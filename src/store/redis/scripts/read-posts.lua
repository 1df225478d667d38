-- All posts, what became of the first ones, and how the next one stands. KEYS: info, posts, outcomes.
local info = redis.call('HMGET', KEYS[1], 'attempts', 'error')
return {redis.call('LRANGE', KEYS[2], 0, -1), redis.call('LRANGE', KEYS[3], 0, -1), info[1] or '0', info[2] or ''}
