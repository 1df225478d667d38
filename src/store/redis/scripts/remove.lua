-- Removes an idle session: 'removed', 'gone' when it was not there, or when it was active last.
-- KEYS: info, posts, outcomes, and all others of the session. ARGV: idle before.
local info = redis.call('HMGET', KEYS[1], 'thread', 'dirtySince', 'activeAt')
if not info[1] then return 'gone' end
local isIdle = not info[2] and tonumber(info[3]) < tonumber(ARGV[1])
if not isIdle or redis.call('LLEN', KEYS[2]) > redis.call('LLEN', KEYS[3]) then return info[3] end
for _, key in ipairs(KEYS) do redis.call('UNLINK', key) end
return 'removed'
