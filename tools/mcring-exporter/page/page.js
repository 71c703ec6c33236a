/* SPDX-License-Identifier: BSD-3-Clause */
'use strict';

fetch('data.json').then((answer) => answer.json()).then((data) => {
	document.querySelector('main').textContent = data.engines.map((one) => one.name).join(', ');
});
