/* SPDX-License-Identifier: BSD-3-Clause */
/* The other parts of the page: each makes its tables once, and shows an answer. */
'use strict';

/* Why a packet is dropped, in a few words. mcring/stats.h says it in full. */
const REASONS = {
	truncated: 'shorter than its headers say',
	own_frame: 'sent by this host itself',
	vlan_depth: 'more than two VLAN tags',
	vlan_unknown: 'no interface has its VLAN',
	not_ip: 'neither IP nor ARP',
	bad_ip_header: 'the IP header makes no sense',
	bad_ip_checksum: 'wrong checksum of IP',
	fragment: 'a fragment',
	not_multicast: 'not to a group, or to another host',
	not_udp: 'multicast, but not UDP',
	bad_udp_length: 'the length of UDP makes no sense',
	bad_udp_checksum: 'wrong checksum of UDP',
	unknown_group: 'nobody joined the group',
	unknown_port: 'the group is joined on another port',
	wrong_source: 'the joins want other sources',
	too_large: 'larger than a ring takes',
	punt_overflow: 'the ring to the control thread was full',
	kernel_overflow: 'the ring to the kernel was full',
	bad_source: 'from an address that no host may have',
	no_udp_checksum: 'IPv6 without a checksum of UDP',
	wrong_interface: 'its source belongs to another interface',
	looped: 'relayed before',
};

function portState(p) {
	if (p.removed)
		return ['fault', 'removed'];
	if (p.kernel && p.kernel.moved)
		return ['fault', 'moved away'];
	return p.link_up ? ['good', ['up', linkSpeed(p.speed_mbps)].filter(Boolean).join(', ')] :
		['fault', 'link down'];
}

class Ports {
	constructor(parent) {
		this.table = new Table(parent, 'ports-title', [
			{title: 'Port', sort: (p) => p.name, text: (p) => p.name},
			stateColumn('Link', portState),
			{title: 'Frames', number: true, sort: (p) => this.rate(p, 'packets'),
				text: (p) => perSecond(this.rate(p, 'packets'))},
			{title: 'Rate', number: true, sort: (p) => this.rate(p, 'bytes'),
				text: (p) => bits(this.rate(p, 'bytes'))},
			plotColumn((p) => this.history.points(`port ${p.name} packets`), perSecond),
			{title: 'Total', number: true, sort: (p) => p.rx_packets, text: (p) => grouped(p.rx_packets)},
			lossColumn('Missed', (p) => p.rx_missed, (p) => this.rate(p, 'missed'),
				{hint: 'Lost because the NIC’s queue was full'}),
			lossColumn('Errors', (p) => p.rx_errors + p.rx_nombuf, () => 0,
				{wide: true, hint: 'Frames with errors, and those without a buffer'}),
			{title: 'Last frame', number: true, wide: true, sort: (p) => p.rx_last_ns || null,
				text: (p) => p.rx_last_ns === undefined ? NONE :
					p.rx_last_ns ? ago(this.now - p.rx_last_ns) : 'never'},
			{title: 'Filter', sort: (p) => p.rung, make: () => this.makeFilter()},
			{title: 'Driver', wide: true, text: (p) => p.driver},
		], {empty: 'The engine has no port.'});
	}

	rate(port, what) {
		return this.history.get(`port ${port.name} ${what}`).now;
	}

	makeFilter() {
		const rung = make('span'), more = make('small'), node = make('span', {}, rung, ' ', more);

		return {node, update: (p) => {
			const open = p.open_until_ns > this.now ? 'open for ' + duration(p.open_until_ns - this.now) : '';

			setText(rung, p.rung);
			setTitle(node, p.rung_reason || '');
			setText(more, [open, counted(p.macs, 'address', 'addresses'),
				p.flow_rules > 0 && counted(p.flow_rules, 'rule')].filter(Boolean).join(', '));
		}};
	}

	show(stats, history) {
		this.history = history;
		this.now = stats.now_ns;
		this.table.show(stats.ports);
	}
}

/* How much room a reader has: a bar, its lowest mark, and the number. */
function roomBar() {
	const fill = make('span', {className: 'fill'}), low = make('span', {className: 'low'});
	const bar = make('span', {className: 'bar', 'aria-hidden': 'true'}, fill, low);
	const text = make('span'), node = make('span', {className: 'room'}, bar, text);

	return {node, update: (c) => {
		const part = room(c), all = part > 0 ? c.headroom / part : 1;

		fill.style.width = `${100 * part}%`;
		low.style.left = `${100 * Math.min(1, c.headroom_min / all)}%`;
		setClass(bar, part < 0.1 ? 'bar fault' : part < 0.5 ? 'bar warning' : 'bar good');
		setText(text, percent(100 * part));
		setTitle(node, `${grouped(c.headroom)} messages of mean size until it is lapped; ` +
			`the fewest so far: ${grouped(c.headroom_min)}`);
	}};
}

class Readers {
	constructor(parent) {
		this.table = new Table(parent, 'readers-title', [
			{title: 'Reader', sort: (c) => c.label, make: () => {
				const node = make('bdi', {className: 'label'});

				return {node, update: (c) => {
					setText(node, foreign(c.label, 40));
					setTitle(node, foreign(c.label, 256));
				}};
			}},
			{title: 'Channel', sort: (c) => c.channel, text: (c) => c.channel},
			{title: 'Process', number: true, sort: (c) => c.pid, text: (c) => String(c.pid),
				hint: 'Its id'},
			{title: 'Messages', number: true, sort: (c) => this.rate(c),
				text: (c) => perSecond(this.rate(c))},
			{title: 'Total', number: true, sort: (c) => c.received, text: (c) => grouped(c.received)},
			{title: 'Room left', sort: room, make: roomBar,
				hint: 'Of its ring, until the writer laps it. The mark is the lowest so far'},
			plotColumn((c) => this.history.points(`reader ${c.id} room`), percent, 100),
			{title: 'Messages left', number: true, wide: true, sort: (c) => c.headroom,
				text: (c) => grouped(c.headroom)},
			lossColumn('Lost', (c) => c.lost, (c) => this.history.get(`reader ${c.id} lost`).now),
			{title: 'Passed over', number: true, wide: true, sort: (c) => c.skipped,
				text: (c) => grouped(c.skipped), hint: 'Messages that its selection does not want'},
			{title: 'Polled', number: true, sort: (c) => c.heartbeat_age_ns,
				text: (c) => ago(c.heartbeat_age_ns)},
		], {empty: 'Nobody reads.'});
		this.channels = new Table(byId('channels'), 'channels-title', [
			{title: 'Channel', sort: (c) => c.name, text: (c) => c.name},
			{title: 'Messages', number: true,
				text: (c) => perSecond(this.history.get('channel ' + c.name).now)},
			{title: 'Payload', number: true,
				text: (c) => bits(this.history.get(`channel ${c.name} bytes`).now)},
			plotColumn((c) => this.history.points('channel ' + c.name), perSecond),
			{title: 'Total', number: true, text: (c) => grouped(c.published)},
			{title: 'Readers', number: true, text: (c) => grouped(c.consumers)},
			{title: 'Joins', number: true, text: (c) => grouped(c.joins)},
			{title: 'Rings', number: true, text: (c) => c.rings > 0 ?
				`${c.rings} of ${grouped(c.bytes / 1048576)} MiB` : 'one for each program'},
			lossColumn('Too large', (c) => c.too_large, () => 0, {wide: true}),
			lossColumn('Slow calls', (c) => c.handler_slow || 0, () => 0, {wide: true,
				hint: 'Calls of its handler that took longer than its bound'}),
		], {empty: 'There is no channel.'});
	}

	rate(reader) {
		return this.history.get(`reader ${reader.id}`).now;
	}

	show(stats, history) {
		this.history = history;
		this.table.show(stats.consumers);
		this.channels.show(stats.channels);
	}
}

/* "239.9.9.9:5000 from 10.0.0.7:4000" and what the frame was. */
function lastPacket() {
	const flow = make('span'), frame = make('small');

	return {node: make('span', {className: 'packet'}, flow, frame), update: (row) => {
		const s = row.sample;
		const type = s && s.ether_type ? '0x' + s.ether_type.toString(16).padStart(4, '0') : '';

		setText(flow, !s ? NONE : s.group || s.source ?
			`${endpoint(s.group, s.port)} from ${endpoint(s.source, s.source_port)}` : 'no IP addresses');
		setText(frame, !s ? '' : [s.interface ? `interface ${s.interface}` : 'no interface',
			s.vlan > 0 ? `VLAN ${s.vlan}` : 'no VLAN',
			s.source_mac && `MAC ${s.source_mac} to ${s.destination_mac}`,
			type && `EtherType ${type}`, counted(s.len, 'octet')].filter(Boolean).join(', '));
	}};
}

class Drops {
	constructor(parent) {
		this.table = new Table(parent, 'drops-title', [
			{title: 'Reason', sort: (row) => row.reason, make: () => {
				const name = make('code'), means = make('small');

				return {node: make('span', {className: 'packet'}, name, means), update: (row) => {
					setText(name, row.reason);
					setText(means, REASONS[row.reason] || '');
				}};
			}},
			{title: 'Packets', number: true, sort: (row) => row.rate, text: (row) => perSecond(row.rate)},
			plotColumn((row) => this.history.points('drop ' + row.reason), perSecond),
			{title: 'Total', number: true, sort: (row) => row.count, text: (row) => grouped(row.count)},
			{title: 'Last', number: true, sort: (row) => row.sample && row.sample.time_ns,
				text: (row) => row.sample ? ago(this.now - row.sample.time_ns) : NONE},
			{title: 'The last packet', make: lastPacket},
		], {sort: [3, true], empty: 'Nothing was dropped.'});
	}

	show(stats, history) {
		const samples = stats.drop_samples || {};

		this.history = history;
		this.now = stats.now_ns;
		this.table.show(Object.entries(stats.drops || {}).filter(([, count]) => count > 0).map(
			([reason, count]) => ({reason, count, sample: samples[reason],
				rate: history.get('drop ' + reason).now})));
	}
}

/* IGMP and MLD of an interface, from its members whose names begin with either. */
function memberships(stats) {
	const rows = [], groups = new Map(); /* by interface and protocol: how many, and the last report */

	for (const g of stats.groups) {
		const key = `${g.interface} ${g.group.includes(':') ? 'mld' : 'igmp'}`;
		const {count, reported} = groups.get(key) || {count: 0, reported: 0};

		groups.set(key, {count: count + 1, reported: Math.max(reported, g.last_report_ns || 0)});
	}
	for (const f of stats.interfaces)
		for (const protocol of ['igmp', 'mld']) {
			const is6 = protocol === 'mld';
			const own = groups.get(`${f.name} ${protocol}`) || {count: 0, reported: 0};

			if (is6 && !f.mld_version && f.link_local_state === 'off')
				continue;
			rows.push({
				name: f.name, port: f.port, vlan: f.vlan, protocol, version: f[protocol + '_version'],
				reason: f[protocol + '_reason'], querier: f[protocol + '_querier'],
				age: f[protocol + '_querier_age_ns'], queries: f[protocol + '_queries'],
				reports: f[protocol + '_reports'], role: f[protocol + '_role'],
				address: is6 ? f.link_local || f.address6 : f.address, txNever: f.tx_never,
				left: f[protocol] ? f[protocol].querier_left_ns : null,
				reported: own.reported, groups: own.count,
			});
		}
	return rows;
}

function querierState(row) {
	if (row.version === 0)
		return ['note', 'not spoken'];
	if (row.role === 'us')
		return ['good', 'this host'];
	/* Whether that is bad is for the verdict to say. */
	return row.querier ? ['good', row.querier] : ['note', 'none heard'];
}

class Membership {
	constructor(parent) {
		this.table = new Table(parent, 'membership-title', [
			{title: 'Interface', sort: (row) => row.name, text: (row) => row.name},
			{title: 'VLAN', number: true, sort: (row) => row.vlan, text: (row) => row.vlan || 'none'},
			{title: 'Address', wide: true, text: (row) => row.address || 'none'},
			{title: 'Speaks', sort: (row) => row.protocol + row.version, make: () => {
				const version = make('span'), reason = make('small');

				return {node: make('span', {className: 'packet'}, version, reason), update: (row) => {
					setText(version, row.version > 0 ? `${row.protocol.toUpperCase()}v${row.version}` :
						`no ${row.protocol.toUpperCase()}`);
					setText(reason, [row.reason, row.txNever && 'tx=never'].filter(Boolean).join(', '));
				}};
			}},
			stateColumn('Querier', querierState),
			{title: 'Heard', number: true, sort: (row) => row.age, text: (row) => row.role === 'us' ? NONE :
				ago(row.age)},
			{title: 'Expires in', number: true, wide: true, sort: (row) => row.left,
				text: (row) => isKnown(row.left) ? duration(row.left) : NONE,
				hint: 'When the querier counts as gone, if nothing more is heard of it'},
			{title: 'Queries', number: true, sort: (row) => row.queries, text: (row) => grouped(row.queries),
				hint: 'Received'},
			{title: 'Reports', number: true, sort: (row) => row.reports, text: (row) => grouped(row.reports),
				hint: 'Sent'},
			{title: 'Last report', number: true, sort: (row) => row.reported,
				text: (row) => row.reported ? ago(this.now - row.reported) : 'never'},
			{title: 'Groups', number: true, sort: (row) => row.groups, text: (row) => grouped(row.groups)},
		], {empty: 'The engine has no interface.'});
	}

	show(stats) {
		this.now = stats.now_ns;
		this.table.show(memberships(stats));
	}
}

class Losses {
	constructor(parent) {
		this.table = new Table(parent, 'losses-title', [
			{title: 'Where', text: (row) => row.loss.where},
			{title: 'Now', number: true, text: (row) => perSecond(row.rate)},
			plotColumn((row) => this.history.points('loss ' + row.loss.key), perSecond),
			lossColumn('Total', (row) => row.count, (row) => row.rate, {sort: null, quiet: true}),
			{title: 'Last', number: true, text: (row) => row.last ? ago(this.now - row.last) :
				row.count > 0 ? NONE : 'never'},
		]);
		this.lcores = new Table(byId('lcores'), 'lcores-title', [
			{title: 'lcore', number: true, text: (l) => String(l.lcore)},
			{title: 'Received', number: true, text: (l) => perSecond(this.of(l, 'received'))},
			{title: 'Packets in a burst', number: true, text: (l) => rateNumber(this.of(l, 'burst'))},
			plotColumn((l) => this.history.points(`lcore ${l.lcore} burst`), rateNumber),
			{title: 'Busy', number: true, text: (l) => percent(this.of(l, 'busy'))},
			plotColumn((l) => this.history.points(`lcore ${l.lcore} busy`), percent, 100),
			{title: 'Longest gap', number: true, text: (l) => duration(l.longest_gap_ns),
				hint: 'Between two polls'},
			{title: 'At', number: true, text: (l) => clock(l.longest_gap_at_ns, this.now)},
		], {empty: 'No lcore receives.'});
	}

	of(lcore, what) {
		return this.history.get(`lcore ${lcore.lcore} ${what}`).now;
	}

	show(stats, history) {
		const control = stats.control || {};

		this.history = history;
		this.now = stats.now_ns;
		this.table.show(LOSSES.filter((loss) => !loss.relay || stats.relay.length > 0).map((loss) => ({
			loss, count: lossCount(loss, stats), last: lossLast(loss, stats),
			rate: history.get('loss ' + loss.key).now,
		})));
		this.lcores.show(stats.lcores);
		setText(byId('control'), `The longest round of the control thread took ` +
			`${duration(control.longest_round_ns)} (${clock(control.longest_round_at_ns, this.now)}).`);
	}
}

function forwards(r) {
	const families = [r.forwards_ipv4 && 'IPv4', r.forwards_ipv6 && 'IPv6'].filter(Boolean).join(', ');

	if (r.role === 'upstream' && !families)
		return ['note', 'upstream'];
	return families ? ['good', families] : ['warning', r.why || 'no'];
}

class Relay {
	constructor(parent) {
		this.section = parent;
		this.table = new Table(byId('outputs'), 'relay-title', [
			{title: 'Interface', text: (r) => r.interface},
			{title: 'Role', text: (r) => r.role},
			stateColumn('Forwards', forwards, {sort: null}),
			{title: 'Copies', number: true, text: (r) => perSecond(this.of(r, 'offered')),
				hint: 'That were to go there'},
			{title: 'Sent', number: true, text: (r) => perSecond(this.of(r, 'sent'))},
			plotColumn((r) => this.history.points(`relay ${r.interface} sent`), perSecond),
			{title: 'Total sent', number: true, text: (r) => grouped(r.tx)},
			lossColumn('Not sent', notSent, (r) => this.of(r, 'unsent'), {sort: null}),
			{title: 'Because', wide: true, text: (r) => [['queue full', r.tx_full], ['MTU', r.tx_mtu],
				['no buffer', r.tx_no_buffer], ['link down', r.tx_down]].filter(([, count]) => count > 0)
				.map(([name, count]) => `${name} ${grouped(count)}`).join(', ') || NONE},
			{title: 'TTL', number: true, wide: true, text: (r) => grouped(r.tx_ttl),
				hint: 'Copies not sent, as their TTL was not above the threshold'},
			{title: 'Wrong interface', number: true, wide: true, text: (r) => grouped(r.wrong_interface)},
			{title: 'Looped', number: true, wide: true, text: (r) => grouped(r.looped)},
		]);
	}

	of(output, what) {
		return this.history.get(`relay ${output.interface} ${what}`).now;
	}

	show(stats, history) {
		this.history = history;
		for (const one of [this.section, byId('to-relay')])
			setHidden(one, stats.relay.length === 0);
		this.table.show(stats.relay);
	}
}
