-- ARGV: field, value, … of meta. A change of phase first books the time for
-- which the clock has stood.
for i = 1, #ARGV, 2 do
  if ARGV[i] == 'phase' and m.drawn and ARGV[i + 1] ~= m.phase then settle() end
end
redis.call('HSET', META, unpack(ARGV))
return {'ok'}
