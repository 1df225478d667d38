-- Takes a place at each limit: {0}; or stands in line for those that are full: {number of the first, how many wait before}.
-- KEYS: running, line and asked of each limit. ARGV: session, since, ttl of a place, ttl in line, then the most of each limit.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local function text(number) return string.format('%.17g', number) end
local session, ttl, patience = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local full, before = 0, 0
for i = 1, #KEYS / 3 do
  local running, line, asked = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  redis.call('ZREMRANGEBYSCORE', running, '-inf', text(now))
  -- Who asks no more is not waiting any more.
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', asked, '-inf', text(now - patience))) do
    redis.call('ZREM', line, gone)
    redis.call('ZREM', asked, gone)
  end
  redis.call('ZADD', line, ARGV[2], session)
  redis.call('ZADD', asked, text(now), session)
  local ahead = redis.call('ZRANK', line, session)
  local isIn = redis.call('ZSCORE', running, session)
  if isIn or ahead < tonumber(ARGV[4 + i]) - redis.call('ZCARD', running) then
    redis.call('ZREM', line, session)
    redis.call('ZREM', asked, session)
  else
    redis.call('PEXPIRE', line, patience)
    redis.call('PEXPIRE', asked, patience)
    if full == 0 then full, before = i, ahead end
  end
end
if full > 0 then return {full, before} end
for i = 1, #KEYS / 3 do
  redis.call('ZADD', KEYS[3 * i - 2], text(now + ttl), session)
  redis.call('PEXPIRE', KEYS[3 * i - 2], ttl)
end
return {0}
