-- Holds the places that the session has for longer. KEYS: running of each limit. ARGV: session, ttl.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
for _, running in ipairs(KEYS) do
  redis.call('ZADD', running, 'XX', string.format('%.17g', now + tonumber(ARGV[2])), ARGV[1])
  redis.call('PEXPIRE', running, ARGV[2])
end
return 1
