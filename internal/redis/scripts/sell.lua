-- ARGV: 1 hold id, 2 buyer, 3… places. Marks places sold; Postgres has decided,
-- so whatever the live map says gives way. Repeated, it changes nothing.
local id, buyer = ARGV[1], ARGV[2]
local h = parse(id)
local changed, available = {}, 0
for i = 3, #ARGV do
  local state = state_of(ARGV[i])
  if state ~= 's' then
    if state == 'a' then available = available + 1 end
    redis.call('SETRANGE', SEATS, ARGV[i], 's')
    changed[#changed + 1] = ARGV[i]
  end
end
if h then
  redis.call('HDEL', HOLDS, id)
  redis.call('ZREM', EXPIRY, id)
else
  if #changed > 0 then count(buyer, #changed) end
end
if available > 0 then redis.call('HINCRBY', META, 'available', -available) end
if #changed > 0 then publish(changed, 's') end
return {'ok'}
