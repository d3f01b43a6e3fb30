-- KEYS: 7 places that were given back, see return.lua. ARGV: 1 hold id, 2 buyer,
-- 3… places. Marks places sold; Postgres has decided, so whatever the live map
-- says gives way. Those that were refunded before they were shown as sold are
-- given back instead. Repeated, it changes nothing.
local id, buyer = ARGV[1], ARGV[2]
local h = parse(id)
local changed, returned, available, gone = {}, {a = {}, b = {}}, 0, 0
for i = 3, #ARGV do
  local seat, state = ARGV[i], state_of(ARGV[i])
  local back = redis.call('HGET', KEYS[7], id .. ':' .. seat)
  if back then
    if h and state == 'h' then
      redis.call('SETRANGE', SEATS, seat, back)
      returned[back][#returned[back] + 1] = seat
      gone = gone + 1
    end
  elseif state ~= 's' then
    if state == 'a' then available = available + 1 end
    redis.call('SETRANGE', SEATS, seat, 's')
    changed[#changed + 1] = seat
  end
end
if h then
  redis.call('HDEL', HOLDS, id)
  redis.call('ZREM', EXPIRY, id)
  if gone > 0 then count(buyer, -gone) end
else
  if #changed > 0 then count(buyer, #changed) end
end
available = #returned.a - available
if available ~= 0 then redis.call('HINCRBY', META, 'available', available) end
if #changed > 0 then publish(changed, 's') end
for state, seats in pairs(returned) do
  if #seats > 0 then publish(seats, state) end
end
return {'ok'}
