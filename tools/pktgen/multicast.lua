-- SPDX-License-Identifier: BSD-3-Clause
-- Sends to a range of groups from port 0 at rates from 1% to 100%, and prints what the port sent.
-- MCR_GROUPS (512, at most 24576), MCR_SIZE (128, octets of the frame without its checksum), MCR_SECONDS (5).
package.path = package.path .. ";" .. (debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "?.lua"
local feed = require "feed"

feed.run(function()
	local total = 0
	for _, rate in ipairs({1, 2, 5, 10, 20, 50, 75, 100}) do
		local sent, pps = feed.send(rate, feed.seconds)
		total = total + sent
		print(string.format("%3d%%: %d frames, %.0f a second", rate, sent, pps))
	end
	print(string.format("sent %d frames to %d groups", total, feed.groups))
end)
