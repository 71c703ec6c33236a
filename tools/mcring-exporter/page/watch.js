/* SPDX-License-Identifier: BSD-3-Clause */
/* What a watch says: gaps by line first of all. */
'use strict';

/* Alarms that have not ended, by how bad they are. */
const ALARMS = {silence: 'fault', blind: 'fault', recorder: 'fault', 'line-down': 'warning', 'group-silent': 'warning'};

function alarmsNow(stats, shape) {
	return (stats.alarms || []).filter((one) => one.now > 0 && (ALARMS[one.kind] || 'warning') === shape);
}

/* [shape, word] */
function watchVerdict(stats) {
	for (const shape of ['fault', 'warning']) {
		const alarms = alarmsNow(stats, shape);

		if (alarms.length > 0)
			return [shape, alarms.map((one) => `${one.kind} ${grouped(one.now)}`).join(', ')];
	}
	return ['good', 'No alarm now'];
}

function watchFirst(stats) {
	const feeds = stats.feeds || [], unread = feeds.filter((feed) => !feed.open);
	const missing = (whose) => sum(feeds, (feed) => feed[whose + '_messages']);

	if (unread.length > 0)
		return `${unread[0].name} is not read: ${unread[0].error || 'no reason is given'}`;
	return `${counted(feeds.length, 'feed')}, of which ` +
		`${counted(missing('wire') + missing('host') + missing('ring'), 'message')} came on no line: ` +
		`${grouped(missing('wire'))} lost by the wire, ${grouped(missing('host'))} perhaps by this host, ` +
		`${grouped(missing('ring'))} by the watch`;
}

function watchedLines(stats) {
	return (stats.feeds || []).flatMap((feed) =>
		(feed.lines || []).map((line) => ({...line, feed: feed.name, key: `${feed.name}/${line.name}`})));
}

function measureWatch(h, s) {
	for (const line of watchedLines(s)) {
		h.rate(`line ${line.key}`, line.packets);
		h.rate(`line ${line.key} lost`, line.lost);
	}
	for (const feed of s.feeds || []) {
		h.rate(`feed ${feed.name}`, feed.messages);
		h.rate(`feed ${feed.name} missing`, feed.wire_messages + feed.host_messages + feed.ring_messages);
	}
}

/* As duration(), but with the nanoseconds of what is shorter than that shows. */
function shortTime(ns) {
	return ns < 1000 ? `${Math.round(ns)} ns` : duration(ns);
}

/* "ahead 256 ns", "behind 2 µs" */
function leadText(lead) {
	if (!lead || !isKnown(lead.median_ns))
		return NONE;
	return `${lead.median_ns < 0 ? 'ahead' : 'behind'} ${shortTime(Math.abs(lead.median_ns))}`;
}

/* A column for each window, of the most packets in it. */
function burstColumns(now) {
	return [['10us', '10 µs'], ['100us', '100 µs'], ['1ms', '1 ms'], ['1s', '1 s']].map(([name, title]) => {
		const of = (row) => (row.bursts || []).find((one) => one.window === name);

		return {title, number: true, sort: (row) => of(row) && of(row).packets, make: () => {
			const node = make('span');

			return {node, update: (row) => {
				const burst = of(row);

				setText(node, burst ? grouped(burst.packets) : NONE);
				setTitle(node, burst && burst.packets_at_ns ?
					`at ${clock(burst.packets_at_ns, now())}; ${octets(burst.bytes)} at most` : '');
			}};
		}};
	});
}

class Watch {
	constructor() {
		this.lines = new Table(byId('lines'), 'lines-title', [
			{title: 'Feed', sort: (l) => l.feed, text: (l) => foreign(l.feed)},
			{title: 'Line', sort: (l) => l.name, text: (l) => foreign(l.name)},
			lossColumn('Lost', (l) => l.lost, (l) => this.history.get(`line ${l.key} lost`).now,
				{hint: 'Messages that are missing on this line, whatever came on others'}),
			{title: 'Filled', number: true, sort: (l) => l.filled, text: (l) => grouped(l.filled),
				hint: 'Messages that came on this line and were missing on others'},
			stateColumn('State', (l) => l.up ? ['good', 'up'] :
				['fault', `down${l.down_since_ns ? ' for ' + age(this.now - l.down_since_ns) : ''}` +
					`${l.down_why ? ', ' + l.down_why : ''}`]),
			{title: 'Packets', number: true, sort: (l) => this.history.get(`line ${l.key}`).now,
				text: (l) => perSecond(this.history.get(`line ${l.key}`).now)},
			plotColumn((l) => this.history.points(`line ${l.key}`), perSecond),
			{title: 'First', number: true, sort: (l) => l.packets > 0 ? l.first / l.packets : null,
				text: (l) => l.packets > 0 && isKnown(l.first) ? percent(100 * l.first / l.packets) : NONE,
				hint: 'Of its packets, those that no other line had before'},
			{title: 'Median', sort: (l) => l.lead && l.lead.median_ns, text: (l) => leadText(l.lead)},
			{title: 'Resolution', number: true, wide: true,
				text: (l) => l.lead && l.lead.resolution_ns ? shortTime(l.lead.resolution_ns) : NONE,
				hint: 'What of the lead is finer says nothing'},
			lossColumn('Differ', (l) => l.mismatches, () => 0,
				{hint: 'Packets that differ from another line’s under the same number'}),
			lossColumn('Unsettled', (l) => l.unsettled, () => 0,
				{wide: true, hint: 'Messages of which nobody can say, as the watch was lapped'}),
		], {sort: [2, true], empty: 'No feed is read.'});
		this.feeds = new Table(byId('feeds'), 'feeds-title', [
			{title: 'Feed', sort: (f) => f.name, text: (f) => foreign(f.name)},
			stateColumn('State', (f) => !f.open ? ['fault', `not read: ${f.error || ''}`] :
				f.silent_since_ns ? ['fault', `silent for ${age(this.now - f.silent_since_ns)}`] :
					['good', 'read']),
			lossColumn('Wire', (f) => f.wire_messages, () => 0, {hint: 'Messages that did not reach this host'}),
			lossColumn('Host', (f) => f.host_messages, () => 0,
				{hint: 'Messages that are missing while a port of this host lost packets'}),
			lossColumn('Watch', (f) => f.ring_messages, () => 0, {hint: 'Messages that the watch itself missed'}),
			{title: 'Late', number: true, wide: true, text: (f) => grouped(f.late_messages)},
			{title: 'Resets', number: true, text: (f) => grouped(f.resets)},
			lossColumn('Unannounced', (f) => f.resets_unannounced, () => 0, {wide: true}),
			{title: 'Silences', number: true, text: (f) => grouped(f.silences)},
			{title: 'Messages', number: true, text: (f) => perSecond(this.history.get(`feed ${f.name}`).now)},
			plotColumn((f) => this.history.points(`feed ${f.name}`), perSecond),
		], {empty: 'No feed is read.'});
		this.bursts = new Table(byId('bursts'), 'bursts-title', [
			{title: 'Of', sort: (row) => row.of, text: (row) => foreign(row.of)},
			...burstColumns(() => this.now),
		], {empty: 'Nothing came.'});
		this.silent = new Table(byId('silent'), 'silent-title', [
			{title: 'Group', sort: (g) => addressKey(g.group), text: (g) => endpoint(g.group, g.port)},
			{title: 'Interface', text: (g) => g.interface || NONE},
			{title: 'Channel', text: (g) => g.channel},
			{title: 'Silent', number: true, sort: (g) => -g.silent_since_ns,
				text: (g) => age(this.now - g.silent_since_ns)},
			{title: 'Times', number: true, text: (g) => grouped(g.silences)},
		], {page: 20, empty: 'None of the groups is silent.'});
		this.recordings = new Table(byId('recordings'), 'recordings-title', [
			{title: 'Recording', sort: (r) => r.name, text: (r) => foreign(r.name)},
			stateColumn('State', (r) => r.stopped ? ['fault', `stopped: ${r.error || ''}`] :
				['good', r.writing ? 'writes a file' : 'ready']),
			{title: 'Triggers', number: true, text: (r) => grouped(r.triggers)},
			{title: 'Files', number: true, text: (r) => grouped(r.whole)},
			{title: 'Held off', number: true, text: (r) => grouped(r.held_off)},
			{title: 'Reaches back', number: true,
				text: (r) => r.oldest_ns ? age(this.now - r.oldest_ns) : NONE},
			lossColumn('No room', (r) => r.no_room, () => 0, {hint: 'Messages, while the disk was slow'}),
			{title: 'On disk', number: true, text: (r) => octets(r.dir_bytes)},
			{title: 'Last file', wide: true, text: (r) => r.file ? foreign(r.file, 200) : NONE},
		], {empty: 'Nothing is recorded.'});
		this.events = new Table(byId('events'), 'events-title', [
			{title: 'When', number: true, sort: (e) => e.time_ns, text: (e) => ago(this.now - e.time_ns)},
			{title: 'Feed', sort: (e) => e.feed, text: (e) => foreign(e.feed)},
			{title: 'What', sort: (e) => e.kind, text: (e) => e.kind},
			{title: 'Stream', text: (e) => e.stream ? foreign(e.stream) : NONE},
			{title: 'Says', text: (e) => foreign(e.text || '', 200)},
		], {page: 20, empty: 'Nothing happened.'});
	}

	show(stats, history) {
		const feeds = stats.feeds || [];

		this.history = history;
		this.now = stats.now_ns;
		this.lines.show(watchedLines(stats));
		this.feeds.show(feeds);
		this.bursts.show([...watchedLines(stats).map((line) => ({of: 'line ' + line.key, bursts: line.bursts})),
			...stats.channels.map((c) => ({of: `channel ${c.engine}/${c.name}`, bursts: c.bursts}))]);
		this.silent.show(stats.groups.filter((group) => group.silent_since_ns));
		this.recordings.show(stats.recordings || []);
		this.events.show(feeds.flatMap((feed) => (feed.events || []).map((one) => ({...one, feed: feed.name})))
			.sort((a, b) => b.time_ns - a.time_ns));
	}
}
