/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine's numbers were in the last five minutes: counters become rates, levels stay. */
'use strict';

const HISTORY_SECONDS = 300;
const SLOTS = 300;       /* one answer a second */
const GAP = 10 * SECOND; /* a rate over more than that is not a rate of now */
const STEP = SECOND / 2; /* and one over less says little: some counters are read each 100 ms */

/* The values of one number, a slot for each answer. */
class Series {
	constructor() {
		this.values = new Float32Array(SLOTS).fill(NaN);
		this.counter = null; /* its last value and when that was */
		this.counterNs = 0;
		this.now = null;
		this.tick = -1;
	}

	put(tick, value) {
		/* Answers that did not have it leave no old values behind. */
		for (let t = Math.max(this.tick + 1, tick - SLOTS + 1); t < tick; t++)
			this.values[t % SLOTS] = NaN;
		this.values[tick % SLOTS] = value === null ? NaN : value;
		this.tick = tick;
		this.now = value;
		return value;
	}
}

class History {
	constructor() {
		this.times = new Float64Array(SLOTS).fill(NaN);
		this.tick = -1;
		this.nowNs = 0;
		this.startedNs = null;
		this.series = new Map();
	}

	/* Begins an answer of the engine. Gives false when it is hardly newer than the one before, or
	 * the same: the exporter asks the engine at times of its own. */
	begin(nowNs, startedNs) {
		if (startedNs !== this.startedNs) {
			/* Another run of the engine: its counters began anew, and so does its clock. */
			for (const one of this.series.values())
				one.counter = null;
			this.startedNs = startedNs;
		} else if (nowNs < this.nowNs + STEP) {
			return false;
		}
		this.tick++;
		this.nowNs = nowNs;
		this.times[this.tick % SLOTS] = nowNs;
		if (this.tick % SLOTS === 0)
			for (const [key, one] of this.series)
				if (one.tick < this.tick - SLOTS)
					this.series.delete(key);
		return true;
	}

	get(key) {
		let one = this.series.get(key);

		if (!one)
			this.series.set(key, one = new Series());
		return one;
	}

	/* Takes a counter's value; gives its rate in a second, or null where there is none: at the
	 * first value, after a gap, and when the counter began anew. */
	rate(key, counter) {
		const one = this.get(key), passed = this.nowNs - one.counterNs;
		let rate = null;

		if (one.tick === this.tick)
			return one.now;
		if (isKnown(counter) && one.counter !== null && counter >= one.counter && passed > 0 &&
		    passed <= GAP)
			rate = (counter - one.counter) * SECOND / passed;
		one.counter = isKnown(counter) ? counter : null;
		one.counterNs = this.nowNs;
		return one.put(this.tick, rate);
	}

	level(key, value) {
		return this.get(key).put(this.tick, isKnown(value) ? value : null);
	}

	/* Seconds since the first answer that it has. */
	oldest() {
		const first = this.times[Math.max(0, this.tick - SLOTS + 1) % SLOTS];

		return this.tick < 0 ? 0 : Math.min(HISTORY_SECONDS, (this.nowNs - first) / SECOND);
	}

	/* The points of a series, oldest first: [seconds ago, value or NaN]. All series have the same
	 * times. */
	points(key) {
		const one = this.series.get(key), points = [];

		for (let t = Math.max(0, this.tick - SLOTS + 1); t <= this.tick; t++) {
			const ago = (this.nowNs - this.times[t % SLOTS]) / SECOND;

			if (ago <= HISTORY_SECONDS)
				points.push([ago, one && t <= one.tick ? one.values[t % SLOTS] : NaN]);
		}
		return points;
	}
}

/* The length of a plot in seconds: whole minutes, as many as there are, so that one that has just begun
 * is no sliver. oldest: how many seconds of it there are. */
function plotSeconds(oldest) {
	return Math.min(HISTORY_SECONDS, 60 * Math.max(1, Math.ceil(oldest / 60)));
}

/* A number above a plot's highest value that is easy to read: 1, 2 or 5 times a power of ten. */
function niceMax(value) {
	const power = 10 ** Math.floor(Math.log10(value));

	if (!(value > 0))
		return 1;
	return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value * 0.9999);
}

/* When a group flows: the rule of lib/engine/why/why_limits.h. */
const FLOWS_WITHIN = 5 * SECOND;
const FLOWS_GAPS = 10;
const NEW = 5 * SECOND;

/* "flows", "silent", "never" or, joined a moment ago, "new" */
function groupState(group, nowNs) {
	const gap = group.packets > 1 ? (group.last_ns - group.first_ns) / (group.packets - 1) : 0;

	if (!group.last_ns)
		return nowNs - group.joined_ns < NEW ? 'new' : 'never';
	return nowNs - group.last_ns < Math.max(FLOWS_WITHIN, FLOWS_GAPS * gap) ? 'flows' : 'silent';
}
