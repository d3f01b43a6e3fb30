-- ARGV: 1 buyer, 2 when the sale opens (ms). One place an account: whoever has
-- one gets it again.
local p = place_of(ARGV[1])
if p then return {'again', p.entry, p.joined, p.state, '0'} end
if m.phase == 'closed' then return {'closed'} end
freeze(ARGV[2])
local entry = int(redis.call('HINCRBY', META, 'issued', 1))
save_place(ARGV[1], {entry = entry, joined = int(now), state = 'n', booking = ''})
if m.idle then redis.call('HSET', META, 'idle', '0') end
return {'ok', entry, int(now), 'n', m.idle and '1' or '0'}
