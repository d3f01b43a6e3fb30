-- ARGV: 1 buyer. Says that the buyer's session is in the books.
local s = session_of(ARGV[1])
if s and s.kept == '0' then
  s.kept = '1'
  save_session(ARGV[1], s)
end
return {'ok'}
