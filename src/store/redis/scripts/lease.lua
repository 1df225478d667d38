-- Grants the lease: {'granted', epoch, thread, created, effects left to apply, version and due time of the outbox}, or {'none'};
-- {'clean'} and {'stale'} ask for a new mark.
-- KEYS: info, effects, fence. ARGV: time, holder, ttl, mark ('' for none).
local held = redis.call('HMGET', KEYS[1], 'holder', 'until', 'dirtySince', 'mark', 'thread', 'createdAt')
if not held[5] then return {'none'} end
local now = time(ARGV[1])
if held[1] and held[1] ~= ARGV[2] and now < tonumber(held[2]) then return {'none'} end
if not held[3] then
  if ARGV[4] == '' then return {'clean'} end
  if tonumber(ARGV[4]) <= tonumber(redis.call('GET', KEYS[3]) or '0') then return {'stale'} end
  local newest = math.max(tonumber(ARGV[4]), tonumber(held[4] or '0'))
  redis.call('HSET', KEYS[1], 'dirtySince', text(now), 'mark', text(newest))
end
local epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('HSET', KEYS[1], 'holder', ARGV[2], 'until', text(now + tonumber(ARGV[3])))
local outbox = redis.call('HMGET', KEYS[1], 'version', 'dueAt')
return {'granted', epoch, held[5], held[6], redis.call('LLEN', KEYS[2]), outbox[1], outbox[2] or ''}
