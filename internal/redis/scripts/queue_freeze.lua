-- ARGV: 1 when the sale opens (ms). Fixes and answers how many entries are
-- drawn; before that time it says how long it is still.
freeze(ARGV[1])
if not m.entries then return {'early', int(tonumber(ARGV[1]) - now)} end
return {'ok', m.entries}
