-- Load of the soak: requests of every kind in no order, most of them never sent before, so that whatever the gateway
-- remembers of them has to be forgotten again. What wrk counted is printed as one line of JSON.
local number = 0
local good = "Authorization: Basic c29hazpjb3JyZWN0IGhvcnNl\r\n"
local body = string.rep("x", 16384)

function init()
  math.randomseed(os.time())
end

local function get(path, fields)
  return "GET " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: wrk\r\n" .. fields .. "\r\n"
end

function request()
  number = number + 1
  local kind = math.random(100)
  local unseen = string.format("%d-%d", number, math.random(1000000000))
  if kind <= 40 then return get("/public/data", "") end
  if kind <= 60 then return get("/api/data", good) end
  if kind <= 70 then return get("/public/data", "Connection: close\r\n") end
  if kind <= 78 then return get("/api/data", "Authorization: Bearer " .. unseen .. "\r\n") end
  if kind <= 86 then return get("/api/data", "X-API-Key: csk_" .. unseen .. "\r\n") end
  if kind <= 90 then return get("/nowhere/" .. unseen, "") end
  if kind <= 94 then return get("/public/" .. unseen .. "?q=" .. unseen, "X-Forwarded-For: 192.0.2.1\r\n") end
  if kind <= 96 then return get("/api/data", "Cookie: __Host-countersign=" .. unseen .. "\r\nAccept: text/html\r\n") end
  if kind <= 97 then return get("/api//data", "") end
  return "POST /public/data HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 16384\r\n\r\n" .. body
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\nJSON {"requests":%d,"duration_us":%d,"refused":%d,"broken":%d,"p50_us":%.0f,"p99_us":%.0f}\n',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
