-- ARGV: 1 take, release or use, 2 buyer, 3 booking. A session carries one live
-- purchase; each step may be repeated.
local op, buyer, booking = ARGV[1], ARGV[2], ARGV[3]
local p, s = place_of(buyer), session_of(buyer)
if op == 'take' then
  if p and p.state == 'u' then return {p.booking == booking and 'ok' or 'used'} end
  if not s then return {(p and p.state == 'a') and 'expired' or 'no-session'} end
  if s.booking == booking then return {'ok'} end
  if s.booking ~= '' then return {'busy'} end
  if s.ends <= clock then
    end_session(buyer)
    return {'expired'}
  end
  s.booking = booking
  save_session(buyer, s)
elseif op == 'release' then
  if not s or s.booking ~= booking then return {'ok'} end
  if s.ends <= clock then
    end_session(buyer)
  else
    s.booking = ''
    save_session(buyer, s)
  end
else
  if s and (s.booking == booking or s.booking == '') then end_session(buyer) end
  if p and p.state ~= 'u' then
    p.state, p.booking = 'u', booking
    save_place(buyer, p)
  end
end
return {'ok'}
