/* SPDX-License-Identifier: BSD-3-Clause */
/* A small plot of the last minutes, five at most. What the pointer is on is read out beside it. */
'use strict';

const PLOT_WIDTH = 300, PLOT_HEIGHT = 40;

class Plot {
	/* show(value): a value as text. label: what it shows, for those who do not see it; without one
	 * it does not exist for them. */
	constructor(show, label = null) {
		this.label = label;
		this.show = show;
		this.line = makeSvg('path', {class: 'line'});
		this.area = makeSvg('path', {class: 'area'});
		this.mark = makeSvg('path', {class: 'mark'});
		this.node = makeSvg('svg', {
			class: 'plot', viewBox: `0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}`,
			preserveAspectRatio: 'none', ...(label ? {role: 'img'} : {'aria-hidden': 'true'}),
		}, this.area, this.line, this.mark);
		this.points = [];
		this.highest = 0; /* of the values */
		this.max = 1;     /* of the plot */
		this.seconds = HISTORY_SECONDS;
		this.under = null; /* where the pointer is, as a part of the width */
		this.onRead = null;
		this.node.addEventListener('pointermove', (event) => {
			const box = this.node.getBoundingClientRect();

			this.under = (event.clientX - box.left) / box.width;
			this.read();
		});
		this.node.addEventListener('pointerleave', () => {
			this.under = null;
			this.read();
		});
	}

	/* points: as History.points() gives them. most: the height of the plot, if it is always the same. */
	draw(points, most = 0) {
		const known = points.map(([, value]) => value).filter((value) => !Number.isNaN(value));
		const highest = Math.max(0, ...known);
		const seconds = plotSeconds(points.length > 0 ? points[0][0] : 0);
		let line = '', area = '', last = null;

		this.points = points;
		this.seconds = seconds;
		this.highest = highest;
		this.max = most || niceMax(highest);
		if (this.label)
			this.node.setAttribute('aria-label', known.length === 0 ? this.label :
				`${this.label}, from ${this.show(Math.min(...known))} to ${this.show(highest)}`);
		for (const [ago, value] of points) {
			const x = PLOT_WIDTH * (1 - ago / seconds);
			const y = PLOT_HEIGHT - 1 - (PLOT_HEIGHT - 3) * value / this.max;
			const isNext = last && last.ago - ago < GAP / SECOND;

			if (Number.isNaN(value)) {
				area += last ? `V${PLOT_HEIGHT}Z` : '';
				last = null;
				continue;
			}
			if (last && !isNext)
				area += `V${PLOT_HEIGHT}Z`;
			line += (isNext ? 'L' : 'M') + x.toFixed(1) + ' ' + y.toFixed(1);
			area += (isNext ? 'L' : `M${x.toFixed(1)} ${PLOT_HEIGHT}L`) + x.toFixed(1) + ' ' +
				y.toFixed(1);
			last = {ago};
		}
		this.line.setAttribute('d', line);
		this.area.setAttribute('d', area + (last ? `V${PLOT_HEIGHT}Z` : ''));
		this.read();
	}

	/* The point under the pointer. */
	read() {
		let best = null;

		if (this.under !== null)
			for (const point of this.points) {
				const far = Math.abs(point[0] - this.seconds * (1 - this.under));

				if (!Number.isNaN(point[1]) && (!best || far < best.far))
					best = {far, ago: point[0], value: point[1]};
			}
		if (best && best.far > 5)
			best = null;
		this.mark.setAttribute('d', best ?
			`M${(PLOT_WIDTH * (1 - best.ago / this.seconds)).toFixed(1)} 0V${PLOT_HEIGHT}` : '');
		if (this.onRead)
			this.onRead(best && `${this.show(best.value)}, ${age(best.ago * SECOND)} ago`);
	}
}
