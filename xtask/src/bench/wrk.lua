-- Load of the bench: the header lines of the file named by HEADER_LINES are sent, one in each request: in turn over and over, or where
-- HEADER_LINES_ONCE says so each once. Past the last of those, requests have no credentials, which fails the run.
-- What wrk counted is printed as one line of JSON.
local requests, count, at = {}, 0, 0
local head, next_line

function init(arguments)
  local path = arguments[1] or "/"
  head = "GET " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: wrk\r\nAccept: */*\r\n"
  local name = os.getenv("HEADER_LINES")
  if name and os.getenv("HEADER_LINES_ONCE") == "yes" then
    next_line = io.lines(name)
  elseif name then
    for line in io.lines(name) do
      count = count + 1
      requests[count] = head .. line .. "\r\n\r\n"
    end
  end
  if count == 0 then
    count = 1
    requests[1] = head .. "\r\n"
  end
end

function request()
  if next_line then
    local line = next_line()
    if line then return head .. line .. "\r\n\r\n" end
    next_line = nil
  end
  at = at + 1
  if at > count then at = 1 end
  return requests[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\nJSON {"requests":%d,"duration_us":%d,"refused":%d,"broken":%d,"p50_us":%.0f,"p99_us":%.0f}\n',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
