-- SPDX-License-Identifier: BSD-3-Clause
-- The highest rate without loss (RFC 2544 §26.1): halves the span between a rate that lost and one that
-- did not, then confirms for a minute. What arrived is mcring's own count: MCR_STATS is a command
-- that prints it, "mcring-ctl --json stats" unless set ("ssh rx mcring-ctl --json stats").
package.path = package.path .. ";" .. (debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "?.lua"
local feed = require "feed"
local command = os.getenv("MCR_STATS") or "mcring-ctl --json stats"

local function delivered()
	local pipe = assert(io.popen(command))
	local text = pipe:read("a")
	pipe:close()
	return tonumber(text:match('"delivered": *(%d+)')) or error(command .. ": no \"delivered\" in: " .. text)
end

local function lost(rate)
	local before = delivered()
	local sent = feed.send(rate)
	local got = delivered() - before
	print(string.format("%6.2f%%: sent %d, delivered %d, lost %d", rate, sent, got, sent - got))
	return sent - got
end

local good, bad = 0, 100
feed.setup()
if lost(100) == 0 then
	good = 100
end
while bad - good > 0.5 do
	local rate = (good + bad) / 2
	if lost(rate) == 0 then
		good = rate
	else
		bad = rate
	end
end
feed.seconds = 60
print(string.format("%.2f%% of the link: %s", good,
	good > 0 and lost(good) == 0 and "no loss in a minute either" or "not confirmed over a minute"))
