-- Notes when a session's next post is due ('' for never), unless a newer note is there.
-- KEYS: due, versions. ARGV: session, version, due time.
local version = redis.call('HGET', KEYS[2], ARGV[1])
if version and ARGV[2] ~= '' and tonumber(ARGV[2]) < tonumber(version) then return 0 end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
return 1
