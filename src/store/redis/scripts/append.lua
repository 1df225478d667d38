-- Writes what a turn did: {'written' or 'repeated', seq, version and due time of the outbox, number of effects to apply,
-- whether there are unread messages, whether the first post is claimed}, {'fenced'}, or {'conflict', seq}.
-- KEYS: info, inbox, journal, posts, post keys, outcomes, effects.
-- ARGV: time, epoch, after, inbox through, effects ('' for none), whether all earlier effects are applied ('1'),
-- token of the claim ('' for none), its ttl, number of entries, entries, then key and text of each post.
if not isCurrent(KEYS[1], ARGV[2]) then return {'fenced'} end
local after, token, count = tonumber(ARGV[3]), ARGV[7], tonumber(ARGV[9])
local last = redis.call('LLEN', KEYS[3])
local result = 'written'
if last ~= after then
  if count == 0 then return {'conflict', last} end
  for i = 1, count do
    if redis.call('LINDEX', KEYS[3], after + i - 1) ~= ARGV[9 + i] then return {'conflict', last} end
  end
  result = 'repeated'
else
  local now = time(ARGV[1])
  for i = 1, count do redis.call('RPUSH', KEYS[3], ARGV[9 + i]) end
  last = last + count
  for i = 10 + count, #ARGV, 2 do
    if redis.call('SADD', KEYS[5], ARGV[i]) == 1 then
      redis.call('RPUSH', KEYS[4], ARGV[i + 1])
      if redis.call('LLEN', KEYS[4]) == redis.call('LLEN', KEYS[6]) + 1 then
        if token ~= '' and i == 10 + count then
          redis.call('HSET', KEYS[1], 'claim', token, 'attempts', 1, 'dueAt', text(now + tonumber(ARGV[8])))
        else
          redis.call('HSET', KEYS[1], 'dueAt', text(now))
        end
        redis.call('HINCRBY', KEYS[1], 'version', 1)
      end
    end
  end
  local through = tonumber(ARGV[4])
  if through > 0 then
    local first = tonumber(redis.call('HGET', KEYS[1], 'inboxSeq')) - redis.call('LLEN', KEYS[2]) + 1
    if through >= first then redis.call('LTRIM', KEYS[2], through - first + 1, -1) end
    dropGone(KEYS[2])
  end
  if ARGV[6] == '1' then redis.call('DEL', KEYS[7]) end
  if ARGV[5] ~= '' then redis.call('RPUSH', KEYS[7], ARGV[5]) end
  redis.call('HSET', KEYS[1], 'activeAt', text(now))
end
local outbox = redis.call('HMGET', KEYS[1], 'version', 'dueAt', 'claim')
local claimed = token ~= '' and outbox[3] == token
return {result, last, outbox[1], outbox[2] or '', redis.call('LLEN', KEYS[7]), redis.call('EXISTS', KEYS[2]), claimed and 1 or 0}
