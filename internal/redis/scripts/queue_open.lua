-- ARGV: 1 entries, 2 seed (hex). Makes the draw public and opens the sale; an
-- opened sale stays as it is.
if m.drawn then return {'ok'} end
redis.call('HSET', META, 'drawn', '1', 'entries', ARGV[1], 'seed', ARGV[2], 'phase', 'open', 'tick', int(now), 'idle', '0')
if m.issued < tonumber(ARGV[1]) then redis.call('HSET', META, 'issued', ARGV[1]) end
return {'ok'}
