-- Rebuilding a room that Redis has lost; it does not use queue_lib.lua's guard.
-- KEYS: 1 meta, 2 lock, 3… what to write to or clear. ARGV: 1 token of the lock,
-- 2 step, then the step's own. Only the holder of the lock may build, and only
-- while there is no room.
local META, LOCK, life = KEYS[1], KEYS[2], 20000
if redis.call('EXISTS', META) == 1 then return {'built'} end
local token, step = ARGV[1], ARGV[2]
if step == 'begin' then
  if not redis.call('SET', LOCK, token, 'NX', 'PX', life) then return {'busy'} end
  for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
  return {'ok'}
end
if redis.call('GET', LOCK) ~= token then return {'busy'} end
redis.call('PEXPIRE', LOCK, life)
if step == 'hash' then
  for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
elseif step == 'zset' then
  for i = 3, #ARGV, 2 do redis.call('ZADD', KEYS[3], ARGV[i], ARGV[i + 1]) end
elseif step == 'set' then
  for i = 3, #ARGV do redis.call('SADD', KEYS[3], ARGV[i]) end
elseif step == 'end' then
  local t = redis.call('TIME')
  local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
  for i = 3, #ARGV, 2 do redis.call('HSET', META, ARGV[i], ARGV[i + 1]) end
  redis.call('HSET', META, 'tick', string.format('%.0f', now))
  redis.call('DEL', LOCK)
end
return {'ok'}
