-- KEYS: 7 places that were given back, by who had bought them. ARGV: 1 hold id
-- of the purchase, 2 buyer, 3 state that they get, 4… places. Each is given back
-- once: repeated, it must not be taken from whoever has bought it since. One that
-- the purchase has yet to show as sold is given back by its sale (sell.lua).
local id, buyer, to = ARGV[1], ARGV[2], ARGV[3]
local changed = {}
for i = 4, #ARGV do
  if redis.call('HSETNX', KEYS[7], id .. ':' .. ARGV[i], to) == 1 and state_of(ARGV[i]) == 's' then
    redis.call('SETRANGE', SEATS, ARGV[i], to)
    changed[#changed + 1] = ARGV[i]
  end
end
redis.call('EXPIRE', KEYS[7], 604800)
if #changed > 0 then
  count(buyer, -#changed)
  if to == 'a' then redis.call('HINCRBY', META, 'available', #changed) end
  publish(changed, to)
end
return {'ok'}
