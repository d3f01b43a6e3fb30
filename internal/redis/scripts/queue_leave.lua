-- ARGV: 1 buyer, 2 number (0 before the draw). Gives a place up for good.
local buyer, number = ARGV[1], tonumber(ARGV[2])
local p = place_of(buyer)
if not p then return {'no-place'} end
if p.state == 'l' then return {'ok'} end
if p.state == 'u' then return {'used'} end
local s = session_of(buyer)
if s then
  if s.booking ~= '' then return {'busy'} end
  end_session(buyer)
elseif p.state ~= 'a' then
  local t = m.drawn and turn_of(number)
  if t then take_turn(t) end
end
redis.call('SADD', LEFT, p.entry)
p.state = 'l'
save_place(buyer, p)
return {'ok'}
