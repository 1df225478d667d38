-- Gives the session's places back; returns the sessions that can have them.
-- KEYS: running, line and asked of each limit. ARGV: session, then the most of each limit.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local nexts = {}
for i = 1, #KEYS / 3 do
  local running, line, asked = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  for _, key in ipairs({running, line, asked}) do redis.call('ZREM', key, ARGV[1]) end
  redis.call('ZREMRANGEBYSCORE', running, '-inf', string.format('%.17g', now))
  local free = tonumber(ARGV[1 + i]) - redis.call('ZCARD', running)
  if free > 0 then
    for _, session in ipairs(redis.call('ZRANGE', line, 0, free - 1)) do table.insert(nexts, session) end
  end
end
return nexts
