/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources that are no engines, by the name that they give: the id of their part of the page, what is
 * in it, their verdict and its first sentence, and what of them has a history. */
'use strict';

const PROGRAMS = new Map([
	['mcring-watch', {id: 'watch', make: () => new Watch(), verdict: watchVerdict, first: watchFirst,
		measure: measureWatch}],
	['mcring-sink', {id: 'sink', make: () => new Sink(), verdict: sinkVerdict, first: sinkFirst, measure: measureSink}],
]);

/* undefined: it is an engine. */
function programOf(stats) {
	return stats ? PROGRAMS.get(stats.program) : undefined;
}
