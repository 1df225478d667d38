-- Gives the lease back: {'released', mark and last activity when it became clean}, {'inbox-not-empty'}, {'lost'}, or {'effects'}
-- when some are left to apply.
-- KEYS: info, inbox, effects, fence. ARGV: epoch, whether it is done ('1'), seconds to keep the fence, whether all effects are
-- applied ('1').
if not isCurrent(KEYS[1], ARGV[1]) then return {'lost'} end
if ARGV[2] ~= '1' then
  redis.call('HDEL', KEYS[1], 'holder', 'until')
  return {'released'}
end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'inbox-not-empty'} end
if ARGV[4] == '1' then redis.call('DEL', KEYS[3]) end
if redis.call('EXISTS', KEYS[3]) == 1 then return {'effects'} end
redis.call('HDEL', KEYS[1], 'holder', 'until', 'dirtySince')
local last = redis.call('HMGET', KEYS[1], 'mark', 'activeAt')
redis.call('SET', KEYS[4], last[1], 'EX', ARGV[3])
return {'released', last[1], last[2]}
