-- ARGV: 1 from state, 2 to state, 3… places. All of them or none.
local from, to = ARGV[1], ARGV[2]
sweep(now_ms())
local taken, changed = {}, {}
for i = 3, #ARGV do
  local state = state_of(ARGV[i])
  if state == from then
    changed[#changed + 1] = ARGV[i]
  elseif state ~= to then
    taken[#taken + 1] = ARGV[i]
  end
end
if #taken > 0 then return {'taken', table.concat(taken, ',')} end
for _, s in ipairs(changed) do redis.call('SETRANGE', SEATS, s, to) end
if #changed > 0 then
  redis.call('HINCRBY', META, 'available', (to == 'a') and #changed or -#changed)
  publish(changed, to)
end
return {'ok'}
