-- SPDX-License-Identifier: BSD-3-Clause
-- The highest rate without loss (RFC 2544 §26.1): halves the span between a rate that lost and one that
-- did not, then goes down by a tenth until a rate stands MCR_CONFIRM seconds (60). What arrived is
-- mcring's own count: MCR_STATS is a command that prints it, "mcring-ctl --json stats" unless set
-- ("ssh rx mcring-ctl --json stats"). MCR_GROUPS, MCR_SIZE and MCR_SECONDS as for multicast.lua.
package.path = package.path .. ";" .. (debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "?.lua"
local feed = require "feed"
local command = os.getenv("MCR_STATS") or "mcring-ctl --json stats"

local function delivered()
	local pipe = assert(io.popen(command))
	local text = pipe:read("a")
	pipe:close()
	return tonumber(text:match('"delivered": *(%d+)')) or error(command .. ": no \"delivered\" in: " .. text, 0)
end

local function lossless(rate, seconds)
	local before = delivered()
	local sent, pps = feed.send(rate, seconds)
	local lost = sent - (delivered() - before)
	print(string.format("%6.2f%%: sent %d, %.0f a second, lost %d", rate, sent, pps, lost))
	if lost < 0 then
		error("more was delivered than sent: somebody else sends, too", 0)
	end
	return lost == 0, pps
end

feed.run(function()
	local good, bad = 0, 100
	if lossless(100, feed.seconds) then
		good = 100
	end
	while bad > 0.1 and bad - good > bad / 50 do
		local rate = (good + bad) / 2
		if lossless(rate, feed.seconds) then
			good = rate
		else
			bad = rate
		end
	end
	while good > 0.1 do
		local ok, pps = lossless(good, feed.confirm)
		if ok then
			print(string.format("%.0f frames a second (%.2f%%): no loss in %d seconds", pps, good, feed.confirm))
			return
		end
		good = good * 0.9
	end
	error("every rate lost frames", 0)
end)
