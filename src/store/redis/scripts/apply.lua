-- Does for all sessions what one append of a session brought, once.
-- KEYS: applied, spends, remembered, remembered order, due, versions. ARGV: session, version ('' where it brought no posts) and
-- due time of the outbox, epoch, seq, number of spends, (field, amount) of each, number of approvals, (member, call) of each,
-- then the ids of those that no longer hold.
if ARGV[2] ~= '' then schedulePosts(KEYS[5], KEYS[6], ARGV[1], ARGV[2], ARGV[3]) end
local epoch, seq = tonumber(ARGV[4]), tonumber(ARGV[5])
local applied = redis.call('HGET', KEYS[1], ARGV[1])
if applied then
  local lastEpoch, lastSeq = string.match(applied, '^(%d+) (%d+)$')
  lastEpoch, lastSeq = tonumber(lastEpoch), tonumber(lastSeq)
  if epoch < lastEpoch or (epoch == lastEpoch and seq <= lastSeq) then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4] .. ' ' .. ARGV[5])
local at = 6
for _ = 1, tonumber(ARGV[at]) do
  redis.call('HINCRBYFLOAT', KEYS[2], ARGV[at + 1], ARGV[at + 2])
  at = at + 2
end
at = at + 1
for _ = 1, tonumber(ARGV[at]) do
  if redis.call('HSETNX', KEYS[3], ARGV[at + 1], ARGV[at + 2]) == 1 then
    local newest = redis.call('ZREVRANGE', KEYS[4], 0, 0, 'WITHSCORES')
    redis.call('ZADD', KEYS[4], (tonumber(newest[2]) or 0) + 1, ARGV[at + 1])
  end
  at = at + 2
end
for i = at + 1, #ARGV do
  for _, member in ipairs(redis.call('HKEYS', KEYS[3])) do
    if string.sub(member, 1, #ARGV[i] + 1) == ARGV[i] .. ' ' then
      redis.call('HDEL', KEYS[3], member)
      redis.call('ZREM', KEYS[4], member)
    end
  end
end
return 1
