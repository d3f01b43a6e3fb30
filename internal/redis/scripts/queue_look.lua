-- ARGV: 1 buyer, or '' to look at the room alone. Changes nothing.
local p, s = nil, nil
if ARGV[1] ~= '' then p, s = place_of(ARGV[1]), session_of(ARGV[1]) end
if s and s.booking == '' and s.ends <= clock then s = nil end
local out = {
  'ok', m.phase, int(m.issued), m.entries or '-1', m.drawn and '1' or '0', int(m.serving), int(m.passed), int(m.open),
  int(redis.call('HLEN', SESSIONS)), int(m.skipped), int(now), int(m.held), m.idle and '1' or '0',
}
local function add(...) for _, v in ipairs({...}) do out[#out + 1] = v end end
if p then add(p.entry, p.joined, p.state, p.booking) else add('0', '0', '-', '') end
if s then add(s.number, int(s.ends), wall(s.ends), s.kept, s.booking) else add('0', '0', '0', '0', '') end
return out
