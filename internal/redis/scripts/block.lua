-- ARGV: places. All of them are taken from the sale, or none; those that are
-- blocked stay so.
sweep(now_ms())
local taken, changed = {}, {}
for i = 1, #ARGV do
  local state = state_of(ARGV[i])
  if state == 'a' then
    changed[#changed + 1] = ARGV[i]
  elseif state ~= 'b' then
    taken[#taken + 1] = ARGV[i]
  end
end
if #taken > 0 then return {'taken', table.concat(taken, ',')} end
for _, s in ipairs(changed) do redis.call('SETRANGE', SEATS, s, 'b') end
if #changed > 0 then
  redis.call('HINCRBY', META, 'available', -#changed)
  publish(changed, 'b')
end
return {'ok'}
