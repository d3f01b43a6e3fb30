-- ARGV: 1 buyer, 2 number, 3 life of a session (ms), 4 most sessions. Turns a
-- turn into a session, once; a session that lives is answered as it is.
local buyer, number = ARGV[1], tonumber(ARGV[2])
local p = place_of(buyer)
if not p then return {'no-place'} end
if p.state == 'u' then return {'used'} end
if p.state == 'l' then return {'left'} end
local s = session_of(buyer)
if s then
  if s.booking == '' and s.ends <= clock then
    end_session(buyer)
    return {'expired'}
  end
  return {'ok', s.number, int(s.ends), wall(s.ends), s.kept}
end
if p.state == 'a' then return {'expired'} end
if not m.drawn or number > m.serving then return {'not-yet'} end
if number <= m.passed then return {'expired'} end
if m.phase ~= 'open' then return {m.phase} end
if redis.call('HLEN', SESSIONS) >= tonumber(ARGV[4]) then return {'full'} end
local t = turn_of(number)
if not t then return {'expired'} end
take_turn(t)
s = {number = ARGV[2], ends = clock + tonumber(ARGV[3]), kept = '0', booking = ''}
save_session(buyer, s)
p.state = 'a'
save_place(buyer, p)
return {'ok', s.number, int(s.ends), wall(s.ends), '0'}
