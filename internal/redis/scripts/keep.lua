-- ARGV: 1 hold id, 2 buyer, 3 limit, 4 expiry in ms since 1970 (0: being paid), 5… places.
-- Moves the deadline of a hold. One that is gone is taken anew if its places
-- are still free, under a higher fence.
local id, buyer, limit, expiry = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local h = parse(id)
if h then
  h.expiry = expiry
  save(id, h)
  return answer(h)
end
sweep(now_ms())
local seats = {}
for i = 5, #ARGV do seats[#seats + 1] = ARGV[i] end
local has = tonumber(redis.call('HGET', BUYERS, buyer) or '0')
if has + #seats > limit then return {'limit', tostring(has)} end
local held, taken = take(id, buyer, expiry, seats)
if not held then return {'taken', table.concat(taken, ',')} end
return answer(held)
