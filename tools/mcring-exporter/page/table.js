/* SPDX-License-Identifier: BSD-3-Clause */
/* A table that is sorted by its headings, shows one page of its rows, and a row's details on demand. */
'use strict';

/* For the order of a column: what is unknown comes last, whichever way it goes. */
function compare(a, b, descending) {
	if (!isKnown(a) || !isKnown(b))
		return Number(isKnown(b)) - Number(isKnown(a));
	if (a === b)
		return 0;
	return (a < b ? -1 : 1) * (descending ? -1 : 1);
}

class Table {
	/* label: the id of its heading. columns: of each {title, sort(row), text(row) or make(), hint,
	 * number, wide, plot}. options: key(row), page (rows of one), sort: [column, descending],
	 * detail(): the part that a row opens, empty: what stands there without rows. */
	constructor(parent, label, columns, options = {}) {
		this.columns = columns;
		this.options = options;
		[this.sorted, this.descending] = options.sort || [null, false];
		this.page = 0;
		this.open = null; /* key of the row whose details are shown */
		this.rows = [];
		this.head = make('tr');
		this.table = make('table', {'aria-labelledby': label}, make('thead', {}, this.head));
		this.scroll = make('div', {className: 'scroll'}, this.table);
		this.empty = make('p', {className: 'empty', textContent: options.empty || ''});
		this.pager = make('div', {className: 'pager', hidden: true});
		this.table.made = []; /* of sync(): the rows alone */
		columns.forEach((column, at) => this.addHeading(column, at));
		if (options.page)
			this.addPager();
		parent.append(this.empty, this.scroll, this.pager);
		/* What can be scrolled must be reached by keyboard. */
		new ResizeObserver(() => {
			const isWider = this.scroll.scrollWidth > this.scroll.clientWidth;

			for (const [name, value] of [['tabindex', '0'], ['role', 'region'], ['aria-labelledby', label]])
				if (isWider)
					this.scroll.setAttribute(name, value);
				else
					this.scroll.removeAttribute(name);
		}).observe(this.scroll);
	}

	addHeading(column, at) {
		const cell = make('th', {scope: 'col', className: this.classOf(column)});

		if (column.sort) {
			const button = make('button', {type: 'button', textContent: column.title});

			button.addEventListener('click', () => this.sortBy(at));
			cell.append(button);
		} else {
			cell.textContent = column.title;
		}
		if (column.hint)
			cell.title = column.hint;
		this.head.append(cell);
		column.heading = cell;
	}

	addPager() {
		this.range = make('span');
		this.previous = make('button', {type: 'button', textContent: '‹ Previous'});
		this.next = make('button', {type: 'button', textContent: 'Next ›'});
		this.previous.addEventListener('click', () => this.turn(-1));
		this.next.addEventListener('click', () => this.turn(1));
		this.pager.append(this.previous, this.range, this.next);
	}

	classOf(column) {
		return [column.number && 'number', column.wide && 'wide', column.plot && 'plots']
			.filter(Boolean).join(' ');
	}

	sortBy(at) {
		if (this.sorted === at)
			this.descending = !this.descending;
		else
			this.descending = Boolean(this.columns[at].number);
		this.sorted = at;
		this.page = 0;
		this.draw();
	}

	turn(pages) {
		this.page += pages;
		this.draw();
	}

	show(rows) {
		this.rows = rows;
		this.draw();
	}

	/* The rows in order: those that are equal by the sorted column stay in the order they came in. */
	ordered() {
		const column = this.columns[this.sorted];

		if (!column)
			return this.rows;
		return this.rows.map((row) => [column.sort(row), row])
			.sort((a, b) => compare(a[0], b[0], this.descending)).map(([, row]) => row);
	}

	draw() {
		const size = this.options.page || Math.max(1, this.rows.length);
		const pages = Math.max(1, Math.ceil(this.rows.length / size));

		this.page = Math.min(Math.max(0, this.page), pages - 1);
		this.columns.forEach((column, at) => {
			const order = at === this.sorted ? this.descending ? 'descending' : 'ascending' : 'none';

			if (column.sort && column.heading.getAttribute('aria-sort') !== order)
				column.heading.setAttribute('aria-sort', order);
		});
		sync(this.table, this.ordered().slice(this.page * size, (this.page + 1) * size),
			() => this.makeRow());
		setHidden(this.scroll, this.rows.length === 0);
		setHidden(this.empty, this.rows.length > 0);
		if (this.options.page)
			this.drawPager(size, pages);
	}

	drawPager(size, pages) {
		const first = this.page * size + 1, last = Math.min(first + size - 1, this.rows.length);

		setHidden(this.pager, pages === 1);
		setText(this.range, `${grouped(first)} to ${grouped(last)} of ${grouped(this.rows.length)}`);
		/* Not `disabled`, which would take the focus away. */
		this.previous.setAttribute('aria-disabled', String(this.page === 0));
		this.next.setAttribute('aria-disabled', String(this.page === pages - 1));
	}

	/* A body for each row, so that its details stand below it. */
	makeRow() {
		const row = make('tr'), body = make('tbody', {}, row);
		const detail = this.options.detail && this.options.detail();
		const cells = this.columns.map((column, at) => {
			const cell = make(at === 0 ? 'th' : 'td', {className: this.classOf(column)});
			const inside = column.make && column.make();

			if (at === 0)
				cell.scope = 'row';
			if (inside)
				cell.append(inside.node);
			row.append(cell);
			return {node: cell, update: inside ? inside.update : (item) => setText(cell, column.text(item))};
		});
		let current = null;

		if (detail) {
			const opened = make('tr', {className: 'detail', hidden: true},
				make('td', {colSpan: this.columns.length}, detail.node));
			const button = make('button', {type: 'button', className: 'opens'});

			button.addEventListener('click', () => {
				const key = this.options.key(current);

				this.open = this.open === key ? null : key;
				this.draw();
			});
			body.append(opened);
			cells[0] = {update: (item) => setText(button, this.columns[0].text(item))};
			row.firstChild.append(button);
			cells.push({update: (item) => {
				const isOpen = this.options.key(item) === this.open;

				button.setAttribute('aria-expanded', String(isOpen));
				setHidden(opened, !isOpen);
				if (isOpen)
					detail.update(item);
			}});
		}
		return {node: body, update: (item) => {
			current = item;
			for (const cell of cells)
				cell.update(item);
		}};
	}
}

/* Cells of tables. */

/* The numbers beside it say the same to those who do not see it. */
function plotColumn(points, show, most) {
	return {title: '', plot: true, make: () => {
		const plot = new Plot(show), node = make('span', {className: 'plotted'}, plot.node);

		plot.onRead = (text) => setTitle(node, text || '');
		return {node, update: (row) => plot.draw(points(row), most)};
	}};
}

/* state(row): [shape, text] */
function stateColumn(title, state, more = {}) {
	return {title, sort: (row) => state(row)[1], ...more, make: () => {
		const icon = new Icon(), text = make('span');

		return {node: make('span', {className: 'state'}, icon.node, text), update: (row) => {
			const [shape, words] = state(row);

			icon.show(shape);
			setText(text, words);
		}};
	}};
}

/* A number that counts losses: with a sign when it is not 0, and another one while it
 * grows. more.quiet: the rate has a column of its own. */
function lossColumn(title, count, rate, more = {}) {
	return {title, number: true, sort: count, ...more, make: () => {
		const icon = new Icon(), total = make('span'), now = make('small');
		const node = make('span', {className: 'state'}, icon.node, total, now);

		return {node, update: (row) => {
			icon.show(rate(row) > 0 ? 'warning' : count(row) > 0 ? 'note' : 'none');
			setText(total, grouped(count(row)));
			setText(now, rate(row) > 0 && !more.quiet ? perSecond(rate(row)) : '');
		}};
	}};
}
