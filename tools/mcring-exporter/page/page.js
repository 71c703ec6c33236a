/* SPDX-License-Identifier: BSD-3-Clause */
/* Asks the exporter once a second, and shows one of its engines. */
'use strict';

const ASK_EVERY = 1000, ANSWER_WITHIN = 10000; /* ms */
const OLD_AFTER = 5 * SECOND;                  /* an answer of an engine that the exporter still has */

class Page {
	constructor() {
		this.engines = new Map(); /* by socket: {engine, history, stats} */
		this.chosen = null;
		this.data = null;      /* the last answer */
		this.dataAt = 0;       /* when it came */
		this.error = null;     /* why the last question has no answer */
		this.isPaused = false;
		this.said = '';
		this.verdict = new Verdict(byId('verdict'));
		this.tiles = new Tiles(byId('tiles'));
		this.groups = new Groups(byId('groups'));
		this.sections = [new Ports(byId('ports')), this.groups, new Readers(byId('readers-table')),
			new Drops(byId('drops')), new Membership(byId('membership')), new Losses(byId('losses-table')),
			new Relay(byId('relay'))];
		this.parts = new Map([...PROGRAMS.values()].map((program) => [program, program.make()]));
		this.liveIcon = new Icon();
		byId('live').prepend(this.liveIcon.node);
		byId('pause').addEventListener('click', () => this.pause());
		document.addEventListener('visibilitychange', () => this.schedule(0));
		this.schedule(0);
	}

	/* One question at a time; a hidden page asks nothing. */
	schedule(ms) {
		clearTimeout(this.timer);
		if (!document.hidden && !this.isPaused && !this.isAsking)
			this.timer = setTimeout(() => this.ask(), ms);
	}

	async ask() {
		const asked = performance.now();

		this.isAsking = true;
		try {
			const answer = await fetch('data.json', {
				cache: 'no-store', signal: AbortSignal.timeout(ANSWER_WITHIN),
			});

			if (!answer.ok)
				throw new Error(`it answers ${answer.status}`);
			this.take(await answer.json());
			this.error = null;
		} catch (error) {
			this.error = error.name === 'TimeoutError' ? 'it takes too long' :
				error.name === 'TypeError' ? 'it does not answer' : error.message;
		}
		this.isAsking = false;
		this.draw();
		this.schedule(Math.max(100, ASK_EVERY - (performance.now() - asked)));
	}

	take(data) {
		const seen = new Set();

		if (data.schema !== 1)
			throw new Error('it is of another version: load this page again');
		this.data = data;
		this.dataAt = performance.now();
		for (const engine of data.engines) {
			const key = engine.socket;
			let own = this.engines.get(key);

			seen.add(key);
			if (!own)
				this.engines.set(key, own = {key, history: new History(), stats: null});
			/* One that never answered has no name, but its directory has. */
			own.engine = {...engine, name: engine.name || key.split('/').slice(-2)[0]};
			if (engine.stats) {
				const stats = completed(engine.stats);

				/* A schema that has no time in it: that of the answer. */
				stats.now_ns = stats.now_ns || data.now_ns - (engine.age_ns || 0);
				measure(own.history, stats);
				own.stats = stats;
			}
		}
		for (const key of this.engines.keys())
			if (!seen.has(key))
				this.engines.delete(key);
		if (!this.engines.has(this.chosen))
			this.chosen = this.worst();
	}

	/* The engine to show first: the first one with the worst verdict. */
	worst() {
		const order = ['fault', 'unknown', 'warning', 'good'];
		const ranked = [...this.engines.values()].map((own) =>
			[order.indexOf(verdictOf(own.engine)[0]), own.key]);

		return ranked.reduce((a, b) => b[0] < a[0] ? b : a, [order.length, null])[1];
	}

	choose(at) {
		const own = [...this.engines.values()][at];

		if (!own)
			return;
		this.chosen = own.key;
		this.groups.table.page = 0;
		this.groups.table.open = null;
		this.draw();
	}

	pause() {
		this.isPaused = !this.isPaused;
		this.draw();
		this.schedule(0);
	}

	/* How fresh it all is: [shape, words] */
	liveness(own) {
		const passed = (performance.now() - this.dataAt) * 1e6; /* ns */
		const last = this.data ? `, the last answer is ${age(passed)} old` : '';
		const answerAge = own ? own.engine.age_ns || 0 : 0;

		if (this.isPaused)
			return ['note', 'Stopped' + last];
		if (this.error)
			return ['fault', `The exporter is gone: ${this.error}${last}. Asking each second.`];
		if (!this.data)
			return ['note', 'Asking the exporter…'];
		if (own && !own.engine.up)
			return ['fault', `The engine is gone${own.stats ? ', what is below is its last answer' : ''}`];
		if (answerAge > OLD_AFTER)
			return ['warning', `The engine's last answer is ${age(answerAge)} old`];
		return ['good', 'Live'];
	}

	drawEngines() {
		const all = [...this.engines.values()];

		setHidden(byId('engines'), all.length < 2);
		sync(byId('engines'), all, () => {
			const icon = new Icon(), name = make('bdi'), words = make('span', {className: 'unseen'});
			const node = make('button', {type: 'button'}, icon.node, name, words);
			let key = null;

			node.addEventListener('click', () => {
				this.choose([...this.engines.keys()].indexOf(key));
			});
			return {node, update: (own) => {
				const [shape, verdict] = verdictOf(own.engine);

				key = own.key;
				icon.show(shape);
				setText(name, foreign(own.engine.name));
				setText(words, ': ' + verdict);
				setTitle(node, `${foreign(own.engine.socket, 200)}: ${verdict}`);
				node.setAttribute('aria-pressed', String(own.key === this.chosen));
			}};
		});
	}

	/* Says to a screen reader what has changed, and not what only counts on. */
	say(own, live) {
		const [, word] = own ? verdictOf(own.engine) : ['', ''];
		const first = own && own.engine.why && own.engine.up ? own.engine.why.first : '';
		const isFresh = live[0] !== 'fault' || (own && !own.engine.up && !this.error);
		const key = own ? `${live[0]} ${verdictKey(own.engine)}` : live[0];

		if (key === this.said)
			return;
		this.said = key;
		setText(byId('said'), isFresh && own ? `${own.engine.name}: ${word}. ${first}` : live[1]);
	}

	draw() {
		const own = this.engines.get(this.chosen), live = this.liveness(own), program = programOf(own && own.stats);

		this.liveIcon.show(live[0]);
		setText(byId('live-words'), live[1]);
		setText(byId('pause'), this.isPaused ? 'Go on' : 'Stop');
		this.drawEngines();
		this.say(own, live);
		setHidden(byId('none'), !this.data || this.engines.size > 0);
		setHidden(byId('engine'), !own);
		byId('engine').classList.toggle('old', Boolean(this.error) || live[0] === 'fault');
		if (!own) {
			document.title = 'mcring';
			return;
		}
		document.title = `${foreign(own.engine.name)}: ` +
			(this.error ? 'the exporter is gone' : verdictOf(own.engine)[1]);
		setText(byId('name'), foreign(own.engine.name));
		setText(byId('about'), own.stats ? [own.stats.version && 'mcring ' + own.stats.version,
			own.stats.started_ns && 'started ' + clock(own.stats.started_ns, own.stats.now_ns),
			foreign(own.engine.socket, 200)].filter(Boolean).join(' · ') : foreign(own.engine.socket, 200));
		this.verdict.show(own.engine);
		for (const one of PROGRAMS.values())
			setHidden(byId(one.id), one !== program);
		setHidden(byId('numbers'), !own.stats || Boolean(program));
		if (!own.stats)
			return;
		for (const heading of document.querySelectorAll('thead .plots'))
			setText(heading, counted(plotSeconds(own.history.oldest()) / 60, 'minute'));
		if (program) {
			this.parts.get(program).show(own.stats, own.history);
			return;
		}
		this.tiles.show(own.stats, own.history);
		for (const section of this.sections)
			section.show(own.stats, own.history);
	}
}

const page = new Page();
const keys = new Keys(page);
