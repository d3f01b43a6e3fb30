-- ARGV: places. Those that are blocked are free again; the others stay as they
-- are, so that a repeated call, or one that somebody's hold outran, does no harm.
sweep(now_ms())
local changed = {}
for i = 1, #ARGV do
  if state_of(ARGV[i]) == 'b' then changed[#changed + 1] = ARGV[i] end
end
for _, s in ipairs(changed) do redis.call('SETRANGE', SEATS, s, 'a') end
if #changed > 0 then
  redis.call('HINCRBY', META, 'available', #changed)
  publish(changed, 'a')
end
return {'ok', table.concat(changed, ',')}
