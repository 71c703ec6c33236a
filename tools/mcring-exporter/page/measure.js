/* SPDX-License-Identifier: BSD-3-Clause */
/* What an answer of an engine says, put into its history; and what follows from its numbers. */
'use strict';

function sum(list, value) {
	return list.reduce((all, one) => all + (value(one) || 0), 0);
}

/* The rates of several counters together; null when there is none. */
function sumRates(rates) {
	const known = rates.filter((rate) => rate !== null);

	return known.length > 0 ? sum(known, (rate) => rate) : null;
}

function latest(list, member) {
	return list.reduce((last, one) => Math.max(last, one[member] || 0), 0) || null;
}

function dropped(stats) {
	return sum(Object.values(stats.drops || {}), (count) => count);
}

function groupKey(group) {
	return group.interface + ' ' + group.group;
}

/* How much of its slowest ring a reader has left: 0 is lapped, 1 has read all. With several rings it
 * is the least that it can be. */
function room(reader) {
	const waiting = Math.max(0, reader.published - reader.cursor);

	return reader.headroom + waiting > 0 ? reader.headroom / (reader.headroom + waiting) : 0;
}

/* What is lost, and where: in the order of a packet's way. */
const LOSSES = [
	{key: 'missed', where: 'In the NIC: its queue was full (missed)',
		count: (s) => sum(s.ports, (p) => p.rx_missed), last: (s) => latest(s.ports, 'missed_last_ns')},
	{key: 'nombuf', where: 'No packet buffer was free',
		count: (s) => sum(s.ports, (p) => p.rx_nombuf), last: (s) => latest(s.ports, 'nombuf_last_ns')},
	{key: 'errors', where: 'Frames with errors',
		count: (s) => sum(s.ports, (p) => p.rx_errors), last: (s) => latest(s.ports, 'errors_last_ns')},
	{key: 'too_large', where: 'Larger than a ring takes', drop: 'too_large'},
	{key: 'punt_overflow', where: 'For the control thread, whose ring was full', drop: 'punt_overflow'},
	{key: 'kernel_overflow', where: 'For the kernel, whose ring was full', drop: 'kernel_overflow'},
	{key: 'lapped', where: 'Readers that were lapped (lost)',
		count: (s) => sum(s.consumers, (c) => c.lost), last: (s) => latest(s.consumers, 'lost_last_ns')},
	{key: 'unsent', where: 'Copies of the relay that were not sent', relay: true,
		count: (s) => sum(s.relay, notSent), last: () => null},
];

/* Copies that should have gone out. Those whose TTL is too low are meant not to. */
function notSent(output) {
	return output.tx_full + output.tx_mtu + output.tx_no_buffer + output.tx_down;
}

function lossCount(loss, stats) {
	return loss.drop ? (stats.drops || {})[loss.drop] || 0 : loss.count(stats);
}

function lossLast(loss, stats) {
	const sample = loss.drop && (stats.drop_samples || {})[loss.drop];

	return loss.drop ? sample ? sample.time_ns : null : loss.last(stats);
}

/* Every list that the page reads is there, whatever the engine's version. */
function completed(stats) {
	const lists = ['ports', 'lcores', 'interfaces', 'channels', 'groups', 'queriers', 'relay', 'consumers'];

	return {...Object.fromEntries(lists.map((name) => [name, []])), ...stats};
}

function measureTotals(h, s) {
	h.rate('received', s.received);
	h.rate('delivered', s.delivered);
	h.rate('dropped', dropped(s));
	for (const [reason, count] of Object.entries(s.drops || {}))
		h.rate('drop ' + reason, count);
	h.level('missed', sumRates(s.ports.map((p) => h.get(`port ${p.name} missed`).now)));
	h.level('rx bytes', sumRates(s.ports.map((p) => h.get(`port ${p.name} bytes`).now)));
	h.level('lost', s.consumers.length > 0 ?
		sumRates(s.consumers.map((c) => h.get(`reader ${c.id} lost`).now)) : 0);
	h.level('room', s.consumers.length > 0 ? 100 * Math.min(...s.consumers.map(room)) : null);
	for (const loss of LOSSES)
		h.rate('loss ' + loss.key, lossCount(loss, s));
}

/* Takes an answer. Gives false when there is nothing new in it. */
function measure(h, s) {
	if (!h.begin(s.now_ns, s.started_ns))
		return false;
	if (programOf(s)) {
		programOf(s).measure(h, s);
		return true;
	}
	for (const p of s.ports) {
		h.rate(`port ${p.name} packets`, p.rx_packets);
		h.rate(`port ${p.name} bytes`, p.rx_bytes);
		h.rate(`port ${p.name} missed`, p.rx_missed);
	}
	for (const l of s.lcores) {
		const received = h.rate(`lcore ${l.lcore} received`, l.received);
		const bursts = h.rate(`lcore ${l.lcore} bursts`, l.bursts);
		const busy = h.rate(`lcore ${l.lcore} cycles`, l.busy_cycles);

		h.level(`lcore ${l.lcore} burst`, bursts > 0 ? received / bursts : null);
		h.level(`lcore ${l.lcore} busy`, busy === null || !l.tsc_hz ? null :
			Math.min(100, 100 * busy / l.tsc_hz));
	}
	for (const g of s.groups) {
		const key = groupKey(g);

		h.rate(`group ${key}`, g.packets);
		h.rate(`bytes ${key}`, g.bytes);
	}
	for (const c of s.channels) {
		h.rate(`channel ${c.name}`, c.published);
		h.rate(`channel ${c.name} bytes`, c.published_bytes);
	}
	for (const c of s.consumers) {
		h.rate(`reader ${c.id}`, c.received);
		h.rate(`reader ${c.id} lost`, c.lost);
		h.level(`reader ${c.id} room`, 100 * room(c));
	}
	for (const r of s.relay) {
		h.rate(`relay ${r.interface} offered`, r.offered);
		h.rate(`relay ${r.interface} sent`, r.tx);
		h.rate(`relay ${r.interface} unsent`, notSent(r));
	}
	measureTotals(h, s);
	return true;
}
