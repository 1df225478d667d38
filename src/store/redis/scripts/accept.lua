-- Puts a message into the inbox: 'accepted', 'duplicate', 'no-session', or 'stale' when the mark is too old.
-- KEYS: info, inbox, ids, fence. ARGV: time, message id, message, thread, mark, whether it opens ('1').
if redis.call('SISMEMBER', KEYS[3], ARGV[2]) == 1 then return 'duplicate' end
local exists = redis.call('EXISTS', KEYS[1]) == 1
if not exists and ARGV[6] ~= '1' then return 'no-session' end
local mark = tonumber(ARGV[5])
if mark <= tonumber(redis.call('GET', KEYS[4]) or '0') then return 'stale' end
local now = text(time(ARGV[1]))
if not exists then
  -- Epochs and versions begin above those of an earlier session of this thread.
  redis.call('HSET', KEYS[1], 'thread', ARGV[4], 'createdAt', now, 'epoch', ARGV[5],
    'version', text(mark * 1000), 'inboxSeq', 0)
end
redis.call('SADD', KEYS[3], ARGV[2])
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('HINCRBY', KEYS[1], 'inboxSeq', 1)
redis.call('HSETNX', KEYS[1], 'dirtySince', now)
local newest = math.max(mark, tonumber(redis.call('HGET', KEYS[1], 'mark') or '0'))
redis.call('HSET', KEYS[1], 'activeAt', now, 'mark', text(newest))
return 'accepted'
