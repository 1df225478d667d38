-- Prolongs the lease; 0 when it is not the current one. KEYS: info. ARGV: time, epoch, ttl.
if not isCurrent(KEYS[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'until', text(time(ARGV[1]) + tonumber(ARGV[3])))
return 1
