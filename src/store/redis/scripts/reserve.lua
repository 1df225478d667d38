-- Notes that a message is being accepted, unless it is noted already; returns the older note.
-- KEYS: accepted. ARGV: note, seconds to keep it.
return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2], 'NX', 'GET')
