-- ARGV: 1 first, 2 last number whose turn it is, 3 how many of them are awaited,
-- 4 their grace (ms). What was served before stays as it is.
local first, last = tonumber(ARGV[1]), tonumber(ARGV[2])
if m.serving >= last then return {'ok'} end
if m.serving ~= first - 1 then return {'gap'} end
redis.call('ZADD', TURNS, ARGV[2], ARGV[2])
redis.call('HSET', TURN, ARGV[2], ARGV[3] .. '|' .. int(clock + tonumber(ARGV[4])))
redis.call('HSET', META, 'serving', ARGV[2], 'open', int(m.open + tonumber(ARGV[3])))
return {'ok'}
