-- One take from one limit, by the generic cell rate algorithm.
-- KEYS[1]: when the quota will be whole again, in microseconds since 1970.
-- ARGV[1]: quota; ARGV[2]: window in microseconds.
-- Returns: 1 when taken, what remains, microseconds until the quota is whole,
-- microseconds until one more may be taken (0 when taken).
local quota, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local interval = window / quota
local whole = math.max(tonumber(redis.call('GET', KEYS[1])) or now, now)
local later = whole + interval
if later - now > window + 0.5 then
  return {0, 0, math.ceil(whole - now), math.ceil(later - now - window)}
end
redis.call('SET', KEYS[1], string.format('%.0f', later), 'PX', math.max(1, math.ceil((later - now) / 1000)))
return {1, math.floor((window - (later - now)) / interval + 0.001), math.ceil(later - now), 0}
