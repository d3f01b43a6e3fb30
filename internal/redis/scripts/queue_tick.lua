-- Ends what is over: sessions without a purchase, then turns, oldest first.
-- Answers how the room stands, and passed as it was before.
local before = m.passed
settle()
clock = now - m.held
if m.phase == 'paused' then
  -- Time that was booked stays booked; none has gone by for those inside.
  return {'ok', int(before), int(m.held)}
end
local over = redis.call('ZRANGEBYSCORE', EXPIRY, '-inf', int(clock))
for _, buyer in ipairs(over) do end_session(buyer) end
for _, last in ipairs(redis.call('ZRANGE', TURNS, 0, -1)) do
  local left, ends = string.match(redis.call('HGET', TURN, last), '^(%d+)|(%-?%d+)$')
  if tonumber(ends) > clock then break end
  redis.call('ZREM', TURNS, last)
  redis.call('HDEL', TURN, last)
  m.open, m.skipped, m.passed = m.open - tonumber(left), m.skipped + tonumber(left), tonumber(last)
end
local idle = m.phase == 'open' and m.serving >= m.issued and m.open <= 0
redis.call('HSET', META, 'open', int(m.open), 'skipped', int(m.skipped), 'passed', int(m.passed), 'idle', idle and '1' or '0')
return {'ok', int(before), int(m.held)}
