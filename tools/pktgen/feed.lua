-- SPDX-License-Identifier: BSD-3-Clause
-- What the scripts share: a range of groups on port 0.
require "Pktgen"

local feed = {
	groups = tonumber(os.getenv("MCR_GROUPS") or 512),
	size = tonumber(os.getenv("MCR_SIZE") or 128) + 4, -- Pktgen counts the frame's checksum
	seconds = tonumber(os.getenv("MCR_SECONDS") or 5),
}

local function last(format)
	return string.format(format, (feed.groups - 1) // 256, (feed.groups - 1) % 256)
end

-- Group and MAC address step together (RFC 1112 §6.4): 239.16.0.0 is 01:00:5e:10:00:00.
function feed.setup()
	pktgen.range.dst_ip("0", "start", "239.16.0.0")
	pktgen.range.dst_ip("0", "inc", "0.0.0.1")
	pktgen.range.dst_ip("0", "min", "239.16.0.0")
	pktgen.range.dst_ip("0", "max", last("239.16.%d.%d"))
	pktgen.range.dst_mac("0", "start", "01:00:5e:10:00:00")
	pktgen.range.dst_mac("0", "inc", "00:00:00:00:00:01")
	pktgen.range.dst_mac("0", "min", "01:00:5e:10:00:00")
	pktgen.range.dst_mac("0", "max", last("01:00:5e:10:%02x:%02x"))
	pktgen.range.ip_proto("0", "udp")
	for _, port in ipairs({"dst_port", "src_port"}) do
		pktgen.range[port]("0", "start", 5000)
		pktgen.range[port]("0", "inc", 0)
		pktgen.range[port]("0", "min", 5000)
		pktgen.range[port]("0", "max", 5000)
	end
	pktgen.range.pkt_size("0", "start", feed.size)
	pktgen.range.pkt_size("0", "inc", 0)
	pktgen.range.pkt_size("0", "min", feed.size)
	pktgen.range.pkt_size("0", "max", feed.size)
	pktgen.set_range("0", "on")
	pktgen.set("0", "count", 0)
end

-- Sends at rate percent of the link; gives how many frames the port sent.
function feed.send(rate)
	local before, after
	pktgen.set("0", "rate", rate)
	pktgen.delay(500)
	before = pktgen.portStats("0", "port")[0].opackets
	pktgen.start("0")
	pktgen.delay(feed.seconds * 1000)
	pktgen.stop("0")
	pktgen.delay(1000) -- what is on the way arrives, and the counters settle
	after = pktgen.portStats("0", "port")[0].opackets
	return after - before
end

return feed
