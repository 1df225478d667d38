-- Before each script. The time is Redis' own, so that no worker's clock decides; a test gives one.
local function time(given)
  if given ~= '' then return tonumber(given) end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
-- Lua writes numbers with 14 digits only.
local function text(number) return string.format('%.17g', number) end
-- What was taken out of an inbox is '' in its place, so that the numbers of the others stay; the first is never ''.
local function dropGone(inbox)
  while redis.call('LINDEX', inbox, 0) == '' do redis.call('LPOP', inbox) end
end
local function isCurrent(info, epoch)
  local held = redis.call('HMGET', info, 'holder', 'epoch')
  return held[1] and held[2] == epoch
end
-- Notes when a session's next post is due ('' for never), unless a newer note is there.
local function schedulePosts(due, versions, session, version, dueAt)
  local noted = redis.call('HGET', versions, session)
  if noted and version ~= '' and tonumber(version) < tonumber(noted) then return end
  if dueAt == '' then
    redis.call('ZREM', due, session)
    redis.call('HDEL', versions, session)
  else
    redis.call('ZADD', due, dueAt, session)
    redis.call('HSET', versions, session, version)
  end
end
