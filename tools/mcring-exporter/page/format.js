/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers, times and names as texts. What is unknown is a dash. */
'use strict';

const NONE = '–';
const SECOND = 1e9; /* in ns, as all times of the engine are */

function isKnown(value) {
	return value !== null && value !== undefined && !Number.isNaN(value);
}

/* 1234567 -> "1,234,567" */
function grouped(number) {
	return isKnown(number) ? Math.round(number).toLocaleString('en-US') : NONE;
}

/* A rate without its unit: small ones keep digits that say something. */
function rateNumber(rate) {
	if (!isKnown(rate))
		return NONE;
	if (rate > 0 && rate < 0.01)
		return '<0.01';
	if (rate > 0 && rate < 10)
		return String(Number(rate.toFixed(rate < 1 ? 2 : 1)));
	return grouped(rate);
}

function perSecond(rate) {
	return isKnown(rate) ? rateNumber(rate) + '/s' : NONE;
}

function scaled(number, units) {
	let at = 0;

	while (number >= 999.5 && at < units.length - 1) {
		number /= 1000;
		at++;
	}
	return (number >= 100 || at === 0 ? Math.round(number) : Number(number.toPrecision(3))) + ' ' +
		units[at];
}

function bits(perSecondOfBytes) {
	return isKnown(perSecondOfBytes) ?
		scaled(perSecondOfBytes * 8, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']) : NONE;
}

function octets(number) {
	return isKnown(number) ? scaled(number, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']) : NONE;
}

/* Rounded down: 100 % is all of it. */
function percent(part) {
	return isKnown(part) ? Math.floor(part) + ' %' : NONE;
}

/* The speed of a link; 0 is unknown. */
function linkSpeed(mbps) {
	return mbps > 0 ? scaled(mbps, ['Mbit/s', 'Gbit/s', 'Tbit/s']) : '';
}

/* A length of time with its two largest units: "0.2 s", "3 min 20 s", "2 h", "5 d 4 h". */
function duration(ns) {
	const units = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
	let seconds, first;

	if (!isKnown(ns))
		return NONE;
	seconds = Math.max(0, ns / SECOND);
	if (seconds < 0.0995)
		return seconds < 0.000001 ? '0 s' : seconds < 0.001 ?
			Number((seconds * 1e6).toPrecision(3)) + ' µs' :
			Number((seconds * 1e3).toPrecision(3)) + ' ms';
	if (seconds < 9.95)
		return seconds.toFixed(1) + ' s';
	seconds = Math.round(seconds);
	first = units.findIndex(([size]) => seconds >= size);
	return units.slice(first, first + 2).map(([size, name]) => {
		const count = Math.floor(seconds / size);

		seconds -= count * size;
		return count > 0 ? count + ' ' + name : '';
	}).filter((text) => text).join(' ');
}

/* Silences and ages do not need milliseconds. */
function age(ns) {
	return isKnown(ns) ? ns < SECOND / 20 ? '0.0 s' : duration(ns) : NONE;
}

function ago(ns) {
	return isKnown(ns) ? age(ns) + ' ago' : 'never';
}

/* The time of day here, with the date unless it is today's. */
function clock(ns, nowNs) {
	const at = new Date(ns / 1e6);
	const time = at.toLocaleTimeString('en-GB');

	if (!isKnown(ns))
		return NONE;
	return Math.abs(nowNs - ns) < 43200 * SECOND ? time : at.toLocaleDateString('sv-SE') + ' ' + time;
}

/* "239.1.1.1:5000", "[ff15::1]:5000"; without a port only the address. */
function endpoint(address, port) {
	if (!address)
		return NONE;
	if (!port)
		return address;
	return (address.includes(':') ? '[' + address + ']' : address) + ':' + port;
}

/* "1 group", "2,000 groups" */
function counted(number, one, many) {
	return grouped(number) + ' ' + (number === 1 ? one : many || one + 's');
}

/* A text of somebody else's on one line: control characters and those that turn the direction of
 * what follows are shown as what they are, and it is cut where it would push others aside. */
function foreign(text, most = 64) {
	const plain = String(text).replace(
		/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '\ufffd');
	const letters = Array.from(plain);

	return letters.length > most ? letters.slice(0, most - 1).join('') + '…' : plain;
}

/* Addresses in the order of their numbers, so that 239.1.1.2 comes before 239.1.1.10. */
function addressKey(address) {
	if (!address)
		return '';
	if (!address.includes(':'))
		return '4' + address.split('.').map((part) => part.padStart(3, '0')).join('.');
	const [head, tail] = address.split('::');
	const left = head ? head.split(':') : [], right = tail ? tail.split(':') : [];
	const zeros = Array(Math.max(0, 8 - left.length - right.length)).fill('0');

	return '6' + [...left, ...zeros, ...right].map((part) => part.padStart(4, '0')).join(':');
}
