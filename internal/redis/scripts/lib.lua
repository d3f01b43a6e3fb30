-- Shared by every seat script. KEYS: 1 seats, 2 holds, 3 expiry, 4 meta, 5 buyers, 6 changes.
local SEATS, HOLDS, EXPIRY, META, BUYERS, CHANGES = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]

local function now_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function state_of(seat) return redis.call('GETRANGE', SEATS, seat, seat) end

-- parse reads a hold's record; nil when there is none.
local function parse(id)
  local record = redis.call('HGET', HOLDS, id)
  if not record then return nil end
  local buyer, expiry, fence, list = string.match(record, '^([^|]*)|(%d+)|(%d+)|(.*)$')
  local seats = {}
  for s in string.gmatch(list, '%d+') do seats[#seats + 1] = s end
  return {buyer = buyer, expiry = tonumber(expiry), fence = fence, seats = seats}
end

local function save(id, h)
  redis.call('HSET', HOLDS, id, h.buyer .. '|' .. string.format('%.0f', h.expiry) .. '|' .. h.fence .. '|' .. table.concat(h.seats, ','))
  if h.expiry > 0 then
    redis.call('ZADD', EXPIRY, string.format('%.0f', h.expiry), id)
  else
    redis.call('ZREM', EXPIRY, id)
  end
end

-- publish puts a change of places on the stream; its id is the map's version.
local function publish(seats, state)
  local id = redis.call('XADD', CHANGES, 'MAXLEN', '~', '20000', '*', state, table.concat(seats, ','))
  redis.call('HSET', META, 'version', id)
end

local function count(buyer, n)
  if redis.call('HINCRBY', BUYERS, buyer, n) <= 0 then redis.call('HDEL', BUYERS, buyer) end
end

-- free gives the places of a hold back and forgets it.
local function free(id, h)
  local freed = {}
  for _, s in ipairs(h.seats) do
    if state_of(s) == 'h' then
      redis.call('SETRANGE', SEATS, s, 'a')
      freed[#freed + 1] = s
    end
  end
  redis.call('HDEL', HOLDS, id)
  redis.call('ZREM', EXPIRY, id)
  count(h.buyer, -#h.seats)
  if #freed > 0 then
    redis.call('HINCRBY', META, 'available', #freed)
    publish(freed, 'a')
  end
end

-- sweep frees every overdue hold, so that 'h' always means a live one.
local function sweep(now)
  local overdue = redis.call('ZRANGEBYSCORE', EXPIRY, '-inf', string.format('%.0f', now))
  for _, id in ipairs(overdue) do
    local h = parse(id)
    if h then free(id, h) else redis.call('ZREM', EXPIRY, id) end
  end
  return #overdue
end

-- take locks places for a hold: all of them or none. It returns the hold, or
-- nil and the list of those that are taken.
local function take(id, buyer, expiry, seats)
  local taken = {}
  for _, s in ipairs(seats) do
    if state_of(s) ~= 'a' then taken[#taken + 1] = s end
  end
  if #taken > 0 then return nil, taken end
  for _, s in ipairs(seats) do redis.call('SETRANGE', SEATS, s, 'h') end
  local fence = string.format('%.0f', redis.call('HINCRBY', META, 'fence', 1))
  redis.call('HINCRBY', META, 'available', -#seats)
  count(buyer, #seats)
  local h = {buyer = buyer, expiry = expiry, fence = fence, seats = seats}
  save(id, h)
  publish(seats, 'h')
  return h
end

local function answer(h) return {'ok', h.fence, string.format('%.0f', h.expiry), table.concat(h.seats, ',')} end

if redis.call('EXISTS', SEATS) == 0 then return {'no-state'} end
