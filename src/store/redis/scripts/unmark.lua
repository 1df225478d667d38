-- Takes a session off the list, unless somebody marked it since.
-- KEYS: dirty, active, applied. ARGV: session, mark, when it was last active ('' for not known).
if ARGV[3] ~= '' then redis.call('ZADD', KEYS[2], 'GT', ARGV[3], ARGV[1]) end
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
return 1
