/* SPDX-License-Identifier: BSD-3-Clause */
/* What the keys do. Single keys can be turned off, for those who dictate (WCAG 2.1.4). */
'use strict';

const KEYS_SETTING = 'mcring-keys';

function jump(id) {
	const heading = byId(id);

	if (heading.closest('[hidden]'))
		return;
	heading.scrollIntoView({block: 'start'});
	heading.focus({preventScroll: true});
}

class Keys {
	/* page: what the keys act on. */
	constructor(page) {
		this.actions = [
			['?', 'Shows these keys', () => byId('help').showModal()],
			['v', 'Goes to the verdict', () => jump('verdict-title')],
			['p', 'Goes to the ports', () => jump('ports-title')],
			['g', 'Goes to the groups', () => jump('groups-title')],
			['r', 'Goes to the readers', () => jump('readers-title')],
			['d', 'Goes to the drops', () => jump('drops-title')],
			['m', 'Goes to membership', () => jump('membership-title')],
			['l', 'Goes to loss and bursts', () => jump('losses-title')],
			['/', 'Finds groups', () => byId('groups-filter').focus()],
			['[', 'Previous page of groups', () => page.groups.table.turn(-1)],
			[']', 'Next page of groups', () => page.groups.table.turn(1)],
			['1 to 9', 'Shows that engine, where there are several', null],
			['s', 'Stops the page, and lets it go on', () => page.pause()],
		];
		this.on = byId('keys-on');
		this.on.checked = this.stored() !== 'off';
		this.on.addEventListener('change', () => this.store());
		byId('help-close').addEventListener('click', () => byId('help').close());
		byId('help-open').addEventListener('click', () => byId('help').showModal());
		for (const [key, does] of this.actions)
			byId('keys').append(make('div', {}, make('dt', {}, make('kbd', {textContent: key})),
				make('dd', {textContent: does})));
		document.addEventListener('keydown', (event) => this.press(event, page));
	}

	stored() {
		try {
			return localStorage.getItem(KEYS_SETTING);
		} catch (error) {
			return null; /* the browser keeps nothing */
		}
	}

	store() {
		try {
			localStorage.setItem(KEYS_SETTING, this.on.checked ? 'on' : 'off');
		} catch (error) {
			/* It holds until the page is closed. */
		}
	}

	press(event, page) {
		const isTyping = event.target.closest('input, select, textarea, dialog');
		const action = this.actions.find(([key]) => key === event.key);

		if (isTyping || event.ctrlKey || event.altKey || event.metaKey)
			return;
		if (!this.on.checked && event.key !== '?')
			return;
		if (/^[1-9]$/.test(event.key))
			page.choose(Number(event.key) - 1);
		else if (action)
			action[2]();
		else
			return;
		event.preventDefault();
	}
}
