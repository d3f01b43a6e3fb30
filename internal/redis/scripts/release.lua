-- ARGV: 1 hold id. Releasing what is not held changes nothing.
local h = parse(ARGV[1])
if h then free(ARGV[1], h) end
return {'ok'}
