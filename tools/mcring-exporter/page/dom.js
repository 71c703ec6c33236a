/* SPDX-License-Identifier: BSD-3-Clause */
/* Elements are made once and then only changed where they differ, so that a selection, the focus and a
 * screen reader's place stay. Texts are only ever text. */
'use strict';

const SENTENCE_MAX = 2000;
const SVG = 'http://www.w3.org/2000/svg';

function byId(id) {
	return document.getElementById(id);
}

/* make('td', {className: 'number', scope: 'col'}, child, 'text', ...) */
function make(name, properties = {}, ...children) {
	const element = document.createElement(name);

	for (const [key, value] of Object.entries(properties)) {
		if (key in element)
			element[key] = value;
		else
			element.setAttribute(key, value);
	}
	element.append(...children);
	return element;
}

function makeSvg(name, attributes = {}, ...children) {
	const element = document.createElementNS(SVG, name);

	for (const [key, value] of Object.entries(attributes))
		element.setAttribute(key, value);
	element.append(...children);
	return element;
}

function setText(element, text) {
	if (element.textContent !== text)
		element.textContent = text;
}

function setTitle(element, text) {
	if (element.title !== text)
		element.title = text;
}

function setClass(element, name) {
	if (element.getAttribute('class') !== name)
		element.setAttribute('class', name);
}

function setHidden(element, hidden) {
	if (element.hidden !== hidden)
		element.hidden = hidden;
}

/* The children of an element, one for each item: make() gives {node, update(item)}. */
function sync(parent, items, makeOne) {
	const made = parent.made || (parent.made = []);

	while (made.length > items.length)
		made.pop().node.remove();
	while (made.length < items.length) {
		const one = makeOne();

		made.push(one);
		parent.append(one.node);
	}
	items.forEach((item, i) => made[i].update(item));
}

/* A shape for each severity: nothing is said by colour alone. */
const SHAPES = {
	good: ['M10 2a8 8 0 1 0 0 16a8 8 0 0 0 0-16z', 'M6 10.2l2.8 2.8L14 7.4'],
	fault: ['M6.5 2h7L18 6.5v7L13.5 18h-7L2 13.5v-7z', 'M7 7l6 6M13 7l-6 6'],
	warning: ['M10 2.5L18.5 17.5h-17z', 'M10 8v4.5M10 14.6v.6'],
	note: ['M10 2a8 8 0 1 0 0 16a8 8 0 0 0 0-16z', 'M10 9v5M10 6v.6'],
	unknown: ['M10 .8L19.2 10L10 19.2L.8 10z',
		'M7.7 7.7a2.3 2.3 0 1 1 3.4 2.1c-.8.4-1.1.9-1.1 1.7M10 14.3v.1'],
};

class Icon {
	constructor() {
		this.shape = makeSvg('path', {class: 'shape'});
		this.sign = makeSvg('path', {class: 'sign'});
		this.node = makeSvg('svg', {viewBox: '0 0 20 20', 'aria-hidden': 'true'}, this.shape, this.sign);
		this.name = '';
	}

	show(name) {
		if (this.name === name)
			return;
		this.name = name;
		this.node.toggleAttribute('hidden', name === 'none');
		if (name === 'none')
			return;
		this.shape.setAttribute('d', SHAPES[name][0]);
		this.sign.setAttribute('d', SHAPES[name][1]);
		setClass(this.node, 'icon ' + name);
	}
}

/* A sentence in which `commands` stand in backticks. */
function setSentence(element, text) {
	if (element.sentence === text)
		return;
	element.sentence = text;
	element.replaceChildren(...foreign(text, SENTENCE_MAX).split('`').map((part, i) =>
		i % 2 ? make('code', {textContent: part}) : part));
}

function sentence(name, properties) {
	const node = make(name, properties);

	return {node, update: (text) => setSentence(node, text)};
}
