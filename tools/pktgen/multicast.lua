-- SPDX-License-Identifier: BSD-3-Clause
-- Sends to a range of groups from port 0 at rates from 1% to 100%, and prints what the port sent.
-- MCR_GROUPS (512, at most 65536), MCR_SIZE (128, octets of the frame without its checksum), MCR_SECONDS (5).
package.path = package.path .. ";" .. (debug.getinfo(1, "S").source:match("^@(.*/)") or "./") .. "?.lua"
local feed = require "feed"

feed.setup()
for _, rate in ipairs({1, 2, 5, 10, 20, 50, 75, 100}) do
	local sent = feed.send(rate)
	print(string.format("%3d%%: %d frames, %.0f a second", rate, sent, sent / feed.seconds))
end
