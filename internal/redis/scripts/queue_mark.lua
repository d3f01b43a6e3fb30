-- ARGV: 1 buyer, 2 entry, 3 joined at (ms), 4 the entry that was tried, 5 the
-- highest entry in the books, where that matters; entry 0 says that the books
-- refused it. Brings a place in line with the books.
local p = place_of(ARGV[1])
local entry = tonumber(ARGV[2])
if tonumber(ARGV[5]) > m.issued then redis.call('HSET', META, 'issued', ARGV[5]) end
if entry == 0 then
  if p and p.state == 'n' and p.entry == ARGV[4] then redis.call('HDEL', PLACES, ARGV[1]) end
  return {'ok'}
end
if not p or (p.entry ~= ARGV[2] and (p.state == 'n' or p.state == 'w')) then
  p = {entry = ARGV[2], joined = ARGV[3], state = 'w', booking = ''}
elseif p.state == 'n' then
  p.state = 'w'
else
  return {'ok'}
end
save_place(ARGV[1], p)
if entry > m.issued then redis.call('HSET', META, 'issued', ARGV[2]) end
return {'ok'}
