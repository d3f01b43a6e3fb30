-- Loads an event's state, unless there is one. It does not use lib.lua's guard.
-- KEYS as in lib.lua. ARGV: 1 seats string, 2 fence, 3 available, 4 number of
-- buyers, then buyer, count…, then hold id, record, expiry in ms (0: none)…
if redis.call('EXISTS', KEYS[1]) == 1 then return {'ok'} end
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
local n = 5 + 2 * tonumber(ARGV[4])
for i = 5, n - 1, 2 do redis.call('HSET', KEYS[5], ARGV[i], ARGV[i + 1]) end
for i = n, #ARGV, 3 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  if ARGV[i + 2] ~= '0' then redis.call('ZADD', KEYS[3], ARGV[i + 2], ARGV[i]) end
end
local id = redis.call('XADD', KEYS[6], 'MAXLEN', '~', '20000', '*', 'reset', '')
redis.call('HSET', KEYS[4], 'fence', ARGV[2], 'available', ARGV[3], 'version', id)
redis.call('SET', KEYS[1], ARGV[1])
return {'loaded'}
