-- Writes or removes schedules: the new version of each, 0 for one that has another version than its writer knows.
-- KEYS: records, versions, removed, newest. ARGV: (id, known version, record or '' to remove) of each.
local written = {}
for i = 1, #ARGV, 3 do
  local id, record = ARGV[i], ARGV[i + 2]
  local current = 0
  if redis.call('HEXISTS', KEYS[1], id) == 1 then current = tonumber(redis.call('ZSCORE', KEYS[2], id)) end
  if current ~= tonumber(ARGV[i + 1]) then
    written[#written + 1] = 0
  else
    local version = redis.call('INCR', KEYS[4])
    redis.call('ZADD', KEYS[2], version, id)
    if record == '' then
      redis.call('HDEL', KEYS[1], id)
      redis.call('ZADD', KEYS[3], version, id)
    else
      redis.call('HSET', KEYS[1], id, record)
      redis.call('ZREM', KEYS[3], id)
    end
    written[#written + 1] = version
  end
end
-- Of the removed ones only the latest matter to other processes.
local newest = tonumber(redis.call('GET', KEYS[4]) or '0')
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', newest - 1000, 'LIMIT', 0, 100)) do
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
end
return written
