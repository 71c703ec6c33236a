/* SPDX-License-Identifier: BSD-3-Clause */
/* The groups: their rates, how long each has been silent, and a box to find some of thousands. */
'use strict';

const GROUPS_PAGE = 25;
const STATES = {
	flows: ['good', 'flows'], silent: ['warning', 'silent'], never: ['unknown', 'never came'],
	new: ['note', 'just joined'],
};

/* For the order by silence: those that flow are equal, so that rows do not change places. */
function silence(group, nowNs) {
	const state = groupState(group, nowNs);

	return state === 'never' ? Infinity : state !== 'silent' ? 0 : nowNs - group.last_ns;
}

/* Every word must be in what the row shows. */
function matches(row, words) {
	const shown = [row.group.group, row.group.interface, STATES[row.state][1], row.group.rung,
		...(row.group.sources || [])].join(' ').toLowerCase();

	return words.every((word) => shown.includes(word));
}

function sourcesText(group) {
	const list = group.sources || [];
	const shown = list.slice(0, 3).join(', ') + (group.n_sources > 3 ? ', …' : '');

	if (group.n_sources === 0)
		return group.mode === 'include' ? 'none' : 'any';
	return (group.mode === 'include' ? 'only ' : 'any but ') + shown +
		(group.n_sources > 3 ? ` (${group.n_sources})` : '');
}

/* What a row opens. */
function groupDetail() {
	const node = make('dl');

	return {node, update: ({group: g, now}) => {
		const owners = Object.entries(g.owners || {}).map(([who, count]) => `${who} ${count}`).join(', ');
		const time = (ns) => ns ? `${clock(ns, now)} (${ago(now - ns)})` : 'never';
		const facts = [
			['Sources', sourcesText(g)],
			['Joins', `${grouped(g.joins)} (${owners})`],
			['Joined', time(g.joined_ns)],
			['First datagram', time(g.first_ns)],
			['Last datagram', time(g.last_ns)],
			['Payload', octets(g.bytes)],
			['Filter', g.rung + (g.queue !== null && g.queue !== undefined ? `, queue ${g.queue}` : '') +
				(g.rung_reason ? `: ${g.rung_reason}` : '')],
			['Membership', g.igmp_state],
			['Last report', time(g.last_report_ns)],
			['Last query for it', time(g.last_query_ns)],
			['Ask the engine', `mcring-ctl why ${g.group}`],
		];

		sync(node, facts, () => {
			const term = make('dt'), value = make('dd');

			return {node: make('div', {}, term, value), update: ([name, text]) => {
				setText(term, name);
				setText(value, text);
			}};
		});
	}};
}

class Groups {
	constructor(parent) {
		this.filter = byId('groups-filter');
		this.states = make('div', {className: 'states', role: 'group', 'aria-label': 'Which groups'});
		this.state = 'all';
		this.note = byId('groups-note');
		byId('groups-tools').append(this.states);
		this.filter.addEventListener('input', () => {
			this.table.page = 0;
			this.draw();
		});
		this.filter.addEventListener('keydown', (event) => {
			if (event.key === 'Escape' && this.filter.value) {
				event.preventDefault();
				this.filter.value = '';
				this.draw();
			}
		});
		this.table = new Table(parent, 'groups-title', this.makeColumns(), {
			page: GROUPS_PAGE, sort: [6, true], key: (row) => row.key, detail: groupDetail,
			empty: 'No group matches.',
		});
		this.rows = [];
		this.ranks = new Map(); /* by key: the place in the order of addresses */
	}

	makeColumns() {
		return [
			{title: 'Group', sort: (row) => row.rank, text: (row) => row.group.group},
			{title: 'Interface', sort: (row) => row.group.interface, text: (row) => row.group.interface},
			stateColumn('State', (row) => STATES[row.state]),
			{title: 'Datagrams', number: true, sort: (row) => row.rate, text: (row) => perSecond(row.rate)},
			{title: 'Payload', number: true, sort: (row) => row.bytes, text: (row) => bits(row.bytes)},
			plotColumn((row) => row.history.points('group ' + row.key), perSecond),
			{title: 'Silent for', number: true, sort: (row) => row.silence,
				hint: 'Since the last datagram',
				text: (row) => row.group.last_ns ? age(row.now - row.group.last_ns) : 'always'},
			{title: 'Total', number: true, sort: (row) => row.group.packets,
				text: (row) => grouped(row.group.packets)},
			{title: 'Sources', wide: true, text: (row) => sourcesText(row.group)},
			{title: 'Filter', wide: true, sort: (row) => row.group.rung, text: (row) => row.group.rung},
		];
	}

	show(stats, history) {
		const keys = stats.groups.map(groupKey), rows = [];

		if (keys.length !== this.ranks.size || keys.some((key) => !this.ranks.has(key)))
			this.rank(stats.groups);
		stats.groups.forEach((group, i) => {
			const key = keys[i], rank = this.ranks.get(key);

			rows[rank] = {
				group, key, rank, history, now: stats.now_ns, state: groupState(group, stats.now_ns),
				rate: history.get('group ' + key).now, bytes: history.get('bytes ' + key).now,
				silence: silence(group, stats.now_ns),
			};
		});
		this.rows = rows;
		this.total = stats.groups_total;
		this.draw();
	}

	/* Thousands of addresses are only sorted when groups come or go. */
	rank(groups) {
		const order = groups.map((group) =>
			[addressKey(group.group) + ' ' + group.interface, groupKey(group)]);

		order.sort((a, b) => compare(a[0], b[0]));
		this.ranks = new Map(order.map(([, key], at) => [key, at]));
	}

	draw() {
		const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
		const found = words.length > 0 ? this.rows.filter((row) => matches(row, words)) : this.rows;
		const choices = [['all', 'All', found.length], ...['flows', 'silent', 'never'].map((state) =>
			[state, STATES[state][1], found.filter((row) => row.state === state).length])];
		const missing = this.total > this.rows.length ?
			`The exporter shows ${grouped(this.rows.length)} of ${counted(this.total, 'group')}: those of ` +
			'the configuration, then those with the most datagrams.' : '';

		sync(this.states, choices, () => this.makeChoice());
		setText(this.note, missing);
		setHidden(this.note, !missing);
		this.table.show(this.state === 'all' ? found : found.filter((row) => row.state === this.state));
	}

	makeChoice() {
		const icon = new Icon(), text = make('span');
		const node = make('button', {type: 'button'}, icon.node, text);
		let state = 'all';

		node.addEventListener('click', () => {
			this.state = state;
			this.table.page = 0;
			this.draw();
		});
		return {node, update: ([name, title, count]) => {
			state = name;
			icon.show(name === 'all' ? 'none' : STATES[name][0]);
			setText(text, `${title} ${grouped(count)}`);
			node.setAttribute('aria-pressed', String(this.state === name));
		}};
	}
}
