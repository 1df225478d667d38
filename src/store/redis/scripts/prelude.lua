-- Before each script. The time is Redis' own, so that no worker's clock decides; a test gives one.
local function time(given)
  if given ~= '' then return tonumber(given) end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
-- Lua writes numbers with 14 digits only.
local function text(number) return string.format('%.17g', number) end
local function isCurrent(info, epoch)
  local held = redis.call('HMGET', info, 'holder', 'epoch')
  return held[1] and held[2] == epoch
end
