/* SPDX-License-Identifier: BSD-3-Clause */
/* What `why` says of the whole host: the verdict, its findings with what to do, and what is left to look
 * at elsewhere. */
'use strict';

const FINDINGS_AT_FIRST = 5;
const SEVERITIES = {fault: 'Fault', warning: 'Warning', note: 'Note'};

/* The verdict in a word: [shape, word] */
function verdictOf(engine) {
	const why = engine.why;
	const count = (severity) => (why.findings || []).filter((one) => one.severity === severity).length;

	if (!engine.up)
		return ['fault', 'No answer from the engine'];
	if (programOf(engine.stats))
		return programOf(engine.stats).verdict(engine.stats);
	if (!why)
		return ['unknown', 'No verdict yet'];
	const warnings = count('warning') > 0 ? ', ' + counted(count('warning'), 'warning') : '';

	if (why.exit === 1)
		return ['fault', (count('fault') > 0 ? counted(count('fault'), 'fault') : 'A fault') + warnings];
	if (why.exit === 2)
		return ['unknown', 'Not decidable from this host' + warnings];
	return warnings ? ['warning', 'Data flows' + warnings] : ['good', 'Healthy'];
}

/* What changes when there is something new to say: not the ages and counts in the sentences. */
function verdictKey(engine) {
	const findings = engine.why ? engine.why.findings || [] : [];

	return JSON.stringify([engine.name, verdictOf(engine),
		findings.map((one) => [one.code, one.interface, one.port, one.channel, one.group])]);
}

/* "mcring-ctl why 239.1.1.1 (to see more)": the command in backticks, if it has none. */
function withCommand(text) {
	return text.includes('`') ? text : text.replace(/^(?:mcring[\w-]*|ip|tcpdump) (?:(?! \().)+/, '`$&`');
}

function textList(className) {
	const node = make('ul', {className});

	return {node, update: (texts) => {
		sync(node, (texts || []).map(withCommand), () => sentence('li'));
		setHidden(node, !texts || texts.length === 0);
	}};
}

function makeFinding() {
	const icon = new Icon(), severity = make('strong'), text = make('bdi');
	const about = make('span', {className: 'about'});
	const evidence = textList('evidence'), todo = textList('todo');
	const todoTitle = make('h4', {textContent: 'What to do'});
	const node = make('li', {className: 'finding'},
		make('p', {className: 'what'}, icon.node, severity, ' ', text, ' ', about),
		evidence.node, todoTitle, todo.node);

	return {node, update: (finding) => {
		icon.show(SHAPES[finding.severity] ? finding.severity : 'note');
		setText(severity, SEVERITIES[finding.severity] || 'Note');
		setSentence(text, finding.text || finding.code);
		setText(about, [finding.code, finding.interface && 'interface ' + finding.interface,
			finding.port && 'port ' + finding.port, finding.channel && 'channel ' + finding.channel,
			finding.groups > 1 && counted(finding.groups, 'group')].filter(Boolean).join(' · '));
		evidence.update(finding.evidence);
		todo.update(finding.todo);
		setHidden(todoTitle, todo.node.hidden);
	}};
}

class Verdict {
	constructor(parent) {
		this.icon = new Icon();
		this.word = make('span');
		this.first = make('p', {className: 'first'});
		this.findings = make('ol', {className: 'findings'});
		this.more = make('button', {type: 'button', hidden: true});
		this.showsAll = false;
		this.more.addEventListener('click', () => {
			this.showsAll = !this.showsAll;
			this.show(this.engine);
		});
		this.hidden = textList('hints');
		this.proven = textList('proven');
		this.elsewhere = make('div', {className: 'elsewhere', hidden: true},
			make('h3', {id: 'candidates-title', textContent: 'What this host cannot see'}));
		this.candidates = new Table(this.elsewhere, 'candidates-title', [
			{title: 'It may be', make: () => this.cell('span', 'text')},
			{title: 'Ask', make: () => this.cell('code', 'command')},
			{title: 'Where', text: (one) => one.where || NONE},
		]);
		this.provenCount = make('summary');
		this.details = make('details', {hidden: true}, this.provenCount, this.proven.node);
		parent.append(make('h2', {id: 'verdict-title', tabIndex: -1}, this.icon.node, this.word),
			this.first, this.findings, this.more, this.elsewhere, this.hidden.node, this.details);
		this.parent = parent;
	}

	cell(name, member) {
		const inside = sentence(name);

		return {node: inside.node, update: (item) => inside.update(item[member] || NONE)};
	}

	show(engine) {
		const why = (engine.up && engine.why) || {}, findings = why.findings || [];
		const [shape, word] = verdictOf(engine), program = programOf(engine.stats);

		this.engine = engine;
		this.icon.show(shape);
		setText(this.word, word);
		setClass(this.parent, 'card verdict ' + shape);
		setSentence(this.first, engine.up && program ? program.first(engine.stats) :
			engine.up ? (why.first || '').replace(/^healthy: /, '') :
			engine.error || 'Its socket does not answer. Is it running?');
		/* The first finding says it again. */
		setHidden(this.first, !this.first.sentence ||
			(findings.length > 0 && this.first.sentence.startsWith(findings[0].text)));
		sync(this.findings, this.showsAll ? findings : findings.slice(0, FINDINGS_AT_FIRST), makeFinding);
		setHidden(this.findings, findings.length === 0);
		setHidden(this.more, findings.length <= FINDINGS_AT_FIRST);
		setText(this.more, this.showsAll ? 'Show the worst only' : `Show all ${findings.length} findings`);
		this.more.setAttribute('aria-expanded', String(this.showsAll));
		this.candidates.show(why.candidates || []);
		setHidden(this.elsewhere, !why.candidates || why.candidates.length === 0);
		this.hidden.update(why.hidden);
		this.proven.update(why.proven);
		setHidden(this.details, !why.proven || why.proven.length === 0);
		setText(this.provenCount, `What is proven (${(why.proven || []).length})`);
	}
}
