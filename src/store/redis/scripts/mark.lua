-- Lists a session as one with work to do, before anything makes it so. Returns the mark: a number that only grows.
-- KEYS: counter, dirty, active. ARGV: time, session.
local mark = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], ARGV[2], mark)
redis.call('ZADD', KEYS[3], 'GT', text(time(ARGV[1])), ARGV[2])
return mark
