-- Makes sure that a clean session can't become dirty by this mark or an older one; 0 when it is dirty.
-- KEYS: info, fence. ARGV: mark, seconds to keep the fence.
if redis.call('HEXISTS', KEYS[1], 'dirtySince') == 1 then return 0 end
local fence = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[1]))
redis.call('SET', KEYS[2], text(fence), 'EX', ARGV[2])
return 1
