-- SPDX-License-Identifier: BSD-3-Clause
-- What the scripts share: a range of groups on port 0. Written for Pktgen 23.06.1 and DPDK 22.11.
local feed = {}

local function setting(name, default, least, most)
	local text = os.getenv(name) or default
	local value = math.tointeger(tonumber(text))
	if not value or value < least or value > most then
		error(string.format("%s=%s: expected an integer from %d to %d", name, text, least, most), 0)
	end
	return value
end

local function range(what, start, inc, min, max)
	pktgen.range[what]("0", "start", start)
	pktgen.range[what]("0", "inc", inc)
	pktgen.range[what]("0", "min", min)
	pktgen.range[what]("0", "max", max)
end

local function uptime()
	local file = assert(io.open("/proc/uptime"))
	local seconds = file:read("n")
	file:close()
	return seconds
end

-- Pktgen reads the port's counter once a second: it has settled when a second changes nothing.
local function settled()
	local before, now
	repeat
		before = now
		pktgen.delay(1200)
		now = pktgen.portStats("0", "port")[0].opackets
	until now == before
	return now
end

-- Pktgen computes a rate from the speed of the link, and 0 before it has seen the link; it looks only
-- while its screen is on.
local function wait_for_link()
	for _ = 1, 100 do
		if pktgen.linkState("0")[0]:match("UP") then
			return
		end
		pktgen.delay(100)
	end
	error("the link of port 0 is down", 0)
end

-- Group and MAC address step together (RFC 1112 §6.4): 239.16.0.0 is 01:00:5e:10:00:00. Pktgen steps
-- before each frame, and goes to max from anything below min. IP steps from the port's own default,
-- whatever "start" says, the MAC address from "start": both are below min.
local function setup()
	local last = feed.groups - 1
	range("dst_ip", "239.16.0.0", "0.0.0.1", "239.16.0.0",
		string.format("239.16.%d.%d", last // 256, last % 256))
	range("dst_mac", "00:00:00:00:00:00", "00:00:00:00:00:01", "01:00:5e:10:00:00",
		string.format("01:00:5e:10:%02x:%02x", last // 256, last % 256))
	range("dst_port", 5000, 0, 5000, 5000)
	range("src_port", 5000, 0, 5000, 5000)
	range("pkt_size", feed.size, 0, feed.size, feed.size)
	pktgen.range.ip_proto("0", "udp")
	pktgen.set_range("0", "on")
	pktgen.set("0", "size", feed.size) -- no frame has it from here, but a percent is computed from it
	pktgen.set("0", "count", 0)
	feed.opackets = settled()
end

-- Sends at rate percent of the link for so many seconds; gives how many frames left the port, and
-- how many a second.
function feed.send(rate, seconds)
	pktgen.set("0", "rate", rate)
	local start = uptime()
	pktgen.start("0")
	pktgen.delay(seconds * 1000)
	pktgen.stop("0")
	local took = uptime() - start
	local opackets = settled()
	local sent = opackets - feed.opackets
	feed.opackets = opackets
	if sent == 0 then
		error("port 0 sent nothing: is its link up?", 0)
	end
	return sent, sent / took
end

-- Sets port 0 up, does the work, leaves the port as it was and ends Pktgen. After an error it ends with
-- status 1 and at once: Pktgen's own end waits for its lcores, and one whose link is dead never returns.
function feed.run(work)
	local ok, message = pcall(function()
		feed.groups = setting("MCR_GROUPS", 512, 1, 24576) -- a port has that many frames
		feed.size = setting("MCR_SIZE", 128, 60, 1514) + 4 -- Pktgen counts the frame's checksum
		feed.seconds = setting("MCR_SECONDS", 5, 1, 3600)
		feed.confirm = setting("MCR_CONFIRM", 60, 1, 3600)
		wait_for_link()
		pktgen.screen("off")
		setup()
		work()
	end)
	pktgen.screen("off")
	pktgen.stop("0")
	pktgen.reset("0")
	if not ok then
		print(message)
		os.execute("stty sane") -- the terminal, which Pktgen then leaves as it is
		os.exit(1)
	end
	pktgen.quit()
end

return feed
