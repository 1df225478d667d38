-- Replaces an unread message, or takes it out when there is no other: 1 when it was there. KEYS: inbox.
-- ARGV: message id, the other message or ''.
for index, message in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if message ~= '' and cjson.decode(message).id == ARGV[1] then
    redis.call('LSET', KEYS[1], index - 1, ARGV[2])
    dropGone(KEYS[1])
    return 1
  end
end
return 0
