-- Ends a claim: {version, due time of the session's next post}, or {} when it is no longer the claim.
-- KEYS: info, posts, outcomes. ARGV: time, token, outcome, not before ('' when it ended), whether ambiguous ('1'), error.
local info = redis.call('HMGET', KEYS[1], 'claim', 'dueAt', 'attempts')
local now = time(ARGV[1])
if info[1] ~= ARGV[2] or tonumber(info[2]) <= now then return {} end
local dueAt = ARGV[4]
redis.call('HDEL', KEYS[1], 'claim')
if dueAt ~= '' then
  redis.call('HSET', KEYS[1], 'error', ARGV[6])
  if ARGV[5] == '1' then redis.call('HSET', KEYS[1], 'ambiguous', 1) end
else
  redis.call('RPUSH', KEYS[3], info[3] .. ' ' .. ARGV[3])
  redis.call('HDEL', KEYS[1], 'attempts', 'ambiguous', 'error')
  if redis.call('LLEN', KEYS[2]) > redis.call('LLEN', KEYS[3]) then dueAt = text(now) end
end
if dueAt == '' then redis.call('HDEL', KEYS[1], 'dueAt') else redis.call('HSET', KEYS[1], 'dueAt', dueAt) end
return {redis.call('HINCRBY', KEYS[1], 'version', 1), dueAt}
