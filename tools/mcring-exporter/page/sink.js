/* SPDX-License-Identifier: BSD-3-Clause */
/* What a sink says: what its broker has of each channel and feed, and what was lost on the way. */
'use strict';

const SINK_LATE = 5 * SECOND; /* as the rule McringSinkLags has it */

function sinkLag(stats) {
	return (stats.sources || []).reduce((most, one) => Math.max(most, one.lag_ns || 0), 0);
}

/* [shape, word] */
function sinkVerdict(stats) {
	const unread = (stats.sources || []).filter((one) => !one.up);

	if (!stats.sink || !stats.sink.connected)
		return ['fault', 'No broker'];
	if (unread.length > 0)
		return ['fault', counted(unread.length, 'source') + ' not read'];
	if (sinkLag(stats) > SINK_LATE)
		return ['warning', 'Late'];
	return ['good', 'The broker has it'];
}

function sinkFirst(stats) {
	const sink = stats.sink || {}, sources = stats.sources || [], unread = sources.filter((one) => !one.up);

	if (sink.error)
		return `${sink.broker} ${sink.server || ''}: ${sink.error}`;
	if (unread.length > 0)
		return `${unread[0].name} is not read: ${unread[0].error || 'no reason is given'}`;
	return `${counted(sources.length, 'source')}: ${grouped(sum(sources, (one) => one.stored))} of ` +
		`${counted(sum(sources, (one) => one.read), 'message')} stored; ` +
		`${grouped(sum(sources, sinkLost))} lost, which readers are told`;
}

/* Told as lost: written over before they were read, or never taken by the broker. */
function sinkLost(source) {
	return (source.lost || 0) + (source.refused || 0);
}

function sinkKey(source) {
	return `${source.kind} ${source.engine} ${source.name}`;
}

function measureSink(h, s) {
	for (const source of s.sources || []) {
		h.rate(`source ${sinkKey(source)}`, source.stored);
		h.rate(`source ${sinkKey(source)} lost`, sinkLost(source));
	}
	h.rate('sink retried', (s.sink || {}).retried);
}

class Sink {
	constructor() {
		this.sources = new Table(byId('sources'), 'sources-title', [
			{title: 'Source', sort: (one) => one.name, text: (one) => foreign(one.name)},
			{title: 'Kind', sort: (one) => one.kind, text: (one) => foreign(one.kind)},
			{title: 'Engine', wide: true, text: (one) => foreign(one.engine || NONE)},
			lossColumn('Lost', sinkLost, (one) => this.history.get(`source ${sinkKey(one)} lost`).now,
				{hint: 'Written over before the sink read them, or refused by the broker'}),
			stateColumn('State', (one) => one.up ? ['good', 'read'] :
				['fault', `not read${one.error ? ': ' + foreign(one.error, 200) : ''}`]),
			{title: 'Stored', number: true, sort: (one) => this.history.get(`source ${sinkKey(one)}`).now,
				text: (one) => perSecond(this.history.get(`source ${sinkKey(one)}`).now)},
			plotColumn((one) => this.history.points(`source ${sinkKey(one)}`), perSecond),
			{title: 'Lag', number: true, sort: (one) => one.lag_ns, text: (one) => duration(one.lag_ns),
				hint: 'Age of the oldest message that the broker has not stored yet'},
			{title: 'Behind', number: true, sort: (one) => one.behind, text: (one) => grouped(one.behind),
				hint: 'Messages in the rings that the sink has not read yet'},
			{title: 'In flight', number: true, text: (one) => grouped(one.in_flight),
				hint: 'Messages that it read and the broker has not stored yet'},
			{title: 'Total', number: true, wide: true, text: (one) => grouped(one.stored)},
			{title: 'Stored before', number: true, wide: true, text: (one) => grouped(one.stored_before)},
			{title: 'Restarts', number: true, wide: true, text: (one) => grouped(one.restarts)},
		], {sort: [3, true], empty: 'Nothing is handed over.'});
		this.broker = new Table(byId('broker'), 'broker-title', [
			{title: 'Broker', text: (b) => foreign(b.broker)},
			{title: 'Server', text: (b) => b.server ? foreign(b.server, 200) : NONE},
			stateColumn('State', (b) => b.connected ? ['good', 'connected'] : ['fault', 'not connected']),
			{title: 'Times lost', number: true, text: (b) => grouped(b.disconnects)},
			lossColumn('Sent again', (b) => b.retried, () => this.history.get('sink retried').now,
				{hint: 'Units that were not stored in time'}),
			lossColumn('Perhaps twice', (b) => b.perhaps_twice, () => 0,
				{hint: 'Sent again too late for the broker to find out that it has them'}),
			{title: 'Given up', number: true, wide: true, text: (b) => grouped(b.aborted),
				hint: 'Transactions that were made again'},
			{title: 'Position', number: true,
				text: (b) => b.checkpoint_ns ? ago(this.now - b.checkpoint_ns) : 'none yet',
				hint: 'When the broker last stored where the sink is'},
			{title: 'Memory', number: true, hint: 'Of the room for units',
				text: (b) => b.memory_bytes > 0 ? percent(100 * b.memory_used_bytes / b.memory_bytes) : NONE},
		]);
	}

	show(stats, history) {
		this.history = history;
		this.now = stats.now_ns;
		this.sources.show(stats.sources || []);
		this.broker.show(stats.sink ? [stats.sink] : []);
	}
}
