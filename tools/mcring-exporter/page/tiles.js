/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers on top, each with its last five minutes. */
'use strict';

/* of(stats, history) gives {value, unit, under, state}: state is [shape, words] when there is something
 * to say about it. */
const TILES = [
	{title: 'Received', key: 'received', show: perSecond, of: (s, h) => ({
		value: rateNumber(h.get('received').now), unit: '/s',
		under: `${grouped(s.received)} in all · ${bits(h.get('rx bytes').now)}`})},
	{title: 'Delivered', key: 'delivered', show: perSecond, of: (s, h) => ({
		value: rateNumber(h.get('delivered').now), unit: '/s',
		under: `${grouped(s.delivered)} in all`})},
	{title: 'Dropped', key: 'dropped', show: perSecond, of: (s, h) => ({
		value: rateNumber(h.get('dropped').now), unit: '/s',
		under: `${grouped(dropped(s))} in all`})},
	{title: 'Missed by the NIC', key: 'missed', show: perSecond, of: (s, h) => ({
		value: rateNumber(h.get('missed').now), unit: '/s',
		under: `${grouped(sum(s.ports, (p) => p.rx_missed))} in all`,
		state: h.get('missed').now > 0 ? ['fault', 'losing now'] : null})},
	{title: 'Lost by readers', key: 'lost', show: perSecond, of: (s, h) => ({
		value: rateNumber(h.get('lost').now), unit: '/s',
		under: `${grouped(sum(s.consumers, (c) => c.lost))} in all`,
		state: h.get('lost').now > 0 ? ['fault', 'losing now'] : null})},
	{title: 'Least room', key: 'room', most: 100, show: percent, of: (s) => {
		const worst = s.consumers.reduce((a, b) => !a || room(b) < room(a) ? b : a, null);
		const part = worst ? room(worst) : 1;

		return {
			value: worst ? String(Math.floor(100 * part)) : NONE, unit: worst ? '%' : '',
			under: worst ? `${foreign(worst.label, 24)} in ${worst.channel}` : 'nobody reads',
			state: part < 0.1 ? ['fault', 'nearly lapped'] : part < 0.5 ? ['warning', 'falls behind'] : null,
		};
	}},
];

class Tiles {
	constructor(parent) {
		this.tiles = TILES.map((tile) => {
			const value = make('span', {className: 'value'}), unit = make('span', {className: 'unit'});
			const under = make('p', {className: 'under'}), top = make('span', {className: 'top'});
			const icon = new Icon(), words = make('span');
			const state = make('span', {className: 'state'}, icon.node, words);
			const plot = new Plot(tile.show, `${tile.title} in the last minutes`);
			const node = make('li', {className: 'card tile'}, make('h3', {textContent: tile.title}),
				make('p', {className: 'big'}, value, ' ', unit),
				make('p', {className: 'scale'}, state, ' ', top), plot.node, under);

			plot.onRead = (text) => {
				setText(top, text || (plot.highest > 0 ? `to ${tile.show(plot.max)}` : ''));
			};
			parent.append(node);
			return {tile, value, unit, under, icon, words, state, plot};
		});
	}

	show(stats, history) {
		for (const {tile, value, unit, under, icon, words, state, plot} of this.tiles) {
			const is = tile.of(stats, history);

			setText(value, is.value);
			setText(unit, is.unit);
			setText(under, is.under);
			setHidden(state, !is.state);
			if (is.state) {
				icon.show(is.state[0]);
				setText(words, is.state[1]);
			}
			plot.draw(history.points(tile.key), tile.most);
		}
	}
}
