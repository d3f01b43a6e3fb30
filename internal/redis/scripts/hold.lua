-- ARGV: 1 hold id, 2 buyer, 3 limit, 4 life in ms (0: being paid), 5… places.
-- A hold that exists is answered as it is: a repeated call changes nothing.
local id, buyer, limit, life = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local now = now_ms()
sweep(now)
local h = parse(id)
if h then return answer(h) end
local seats = {}
for i = 5, #ARGV do seats[#seats + 1] = ARGV[i] end
local has = tonumber(redis.call('HGET', BUYERS, buyer) or '0')
if has + #seats > limit then return {'limit', tostring(has)} end
local expiry = 0
if life > 0 then expiry = now + life end
local held, taken = take(id, buyer, expiry, seats)
if not held then return {'taken', table.concat(taken, ',')} end
return answer(held)
