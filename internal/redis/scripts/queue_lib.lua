-- Shared by every queue script.
-- KEYS: 1 meta, 2 the buyer's bucket of places, 3 turns, 4 turn, 5 sessions, 6 expiry, 7 left.
local META, PLACES, TURNS, TURN, SESSIONS, EXPIRY, LEFT = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]

-- stall is how long nobody may tick before the sale counts as interrupted.
local STALL = 45000

local function int(n) return string.format('%.0f', n) end

local function now_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local got = redis.call('HMGET', META, 'phase', 'issued', 'entries', 'frozen_for', 'drawn', 'serving', 'passed', 'open',
  'skipped', 'tick', 'held', 'idle')
if not got[1] then return {'no-state'} end
local m = {
  phase = got[1], issued = tonumber(got[2] or '0'), entries = got[3], frozen_for = got[4], drawn = got[5] == '1',
  serving = tonumber(got[6] or '0'), passed = tonumber(got[7] or '0'), open = tonumber(got[8] or '0'),
  skipped = tonumber(got[9] or '0'), tick = tonumber(got[10] or '0'), held = tonumber(got[11] or '0'), idle = got[12] == '1',
}
local now = now_ms()

-- The clock of turns and sessions stands still while the sale is paused, and
-- while nobody ticks. All deadlines are kept in its time.
local standing = m.drawn and (m.phase == 'paused' or now - m.tick > STALL)
local clock = now - m.held
if standing then clock = m.tick - m.held end

-- wall is when the clock will show this time, should it not stop until then.
local function wall(at) return int(now + at - clock) end

-- settle books the time for which the clock has stood.
local function settle()
  if standing then m.held = m.held + now - m.tick end
  m.tick = now
  redis.call('HSET', META, 'tick', int(now), 'held', int(m.held))
end

-- freeze fixes the number of entries that are drawn: those issued before the
-- sale opens. An opening that moved is waited for anew.
local function freeze(opens)
  if m.drawn then return end
  if now >= tonumber(opens) then
    if m.frozen_for ~= opens then
      redis.call('HSET', META, 'entries', int(m.issued), 'frozen_for', opens)
      m.entries, m.frozen_for = int(m.issued), opens
    end
  elseif m.frozen_for then
    redis.call('HDEL', META, 'entries', 'frozen_for')
    m.entries, m.frozen_for = false, false
  end
end

-- A place is entry|joined at|state, and the booking that used it. States:
-- n new, not yet in the books; w waiting; a admitted; u used; l left.
local function place_of(buyer)
  local v = redis.call('HGET', PLACES, buyer)
  if not v then return nil end
  local entry, joined, state, booking = string.match(v, '^(%d+)|(%d+)|(%a)|?(.*)$')
  return {entry = entry, joined = joined, state = state, booking = booking}
end

local function save_place(buyer, p)
  local v = p.entry .. '|' .. p.joined .. '|' .. p.state
  if p.booking ~= '' then v = v .. '|' .. p.booking end
  redis.call('HSET', PLACES, buyer, v)
end

-- A session is number|end by the clock|1 when it is in the books|its live purchase.
local function session_of(buyer)
  local v = redis.call('HGET', SESSIONS, buyer)
  if not v then return nil end
  local number, ends, kept, booking = string.match(v, '^(%d+)|(%-?%d+)|(%d)|(.*)$')
  return {number = number, ends = tonumber(ends), kept = kept, booking = booking}
end

-- save_session keeps those without a purchase in order of their end.
local function save_session(buyer, s)
  redis.call('HSET', SESSIONS, buyer, s.number .. '|' .. int(s.ends) .. '|' .. s.kept .. '|' .. s.booking)
  if s.booking == '' then
    redis.call('ZADD', EXPIRY, int(s.ends), buyer)
  else
    redis.call('ZREM', EXPIRY, buyer)
  end
end

local function end_session(buyer)
  redis.call('HDEL', SESSIONS, buyer)
  redis.call('ZREM', EXPIRY, buyer)
end

-- turn_of finds the open turn that a number belongs to.
local function turn_of(number)
  if number <= m.passed or number > m.serving then return nil end
  local last = redis.call('ZRANGEBYSCORE', TURNS, int(number), '+inf', 'LIMIT', 0, 1)[1]
  if not last then return nil end
  local left, ends = string.match(redis.call('HGET', TURN, last), '^(%d+)|(%-?%d+)$')
  return {last = last, left = tonumber(left), ends = ends}
end

-- take_turn: one less of the turn is awaited.
local function take_turn(t)
  redis.call('HSET', TURN, t.last, int(math.max(0, t.left - 1)) .. '|' .. t.ends)
  if t.left > 0 then redis.call('HINCRBY', META, 'open', -1) end
end
