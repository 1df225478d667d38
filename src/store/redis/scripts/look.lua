-- What there is to tell of a session, or nothing: thread, created, active, dirty since, unread, whether its lease is live.
-- KEYS: info, inbox. ARGV: time.
local info = redis.call('HMGET', KEYS[1], 'thread', 'createdAt', 'activeAt', 'dirtySince', 'until')
if not info[1] then return {} end
local live = info[5] and time(ARGV[1]) < tonumber(info[5])
local unread = 0
for _, message in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if message ~= '' then unread = unread + 1 end
end
return {info[1], info[2], info[3], info[4] or '', unread, live and 1 or 0}
