// The page in headless Chromium, light and wide, dark and narrow: node check.js PAGE [PICTURES]. It asks for nothing outside,
// its script runs without an error, sorts and filters, nothing is wider than the window, and axe finds no violation. PICTURES: a
// folder for screenshots. Exit status 1 where something is wrong, which is printed.
'use strict';
const puppeteer = require('puppeteer-core');
const fs = require('fs');
const [page, pictures] = process.argv.slice(2);
const looks = [['light', 1280], ['dark', 360]];
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'];
let problems = 0;
const say = (...words) => { problems++; console.log(...words); };

async function look(browser, scheme, width) {
    const tab = await browser.newPage();
    tab.on('pageerror', e => say(scheme, 'script:', e.message));
    tab.on('request', r => /^(file|data):/.test(r.url()) || say(scheme, 'asks for', r.url()));
    await tab.setViewport({ width, height: 900 });
    await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await tab.goto('file://' + page);
    if (pictures) await tab.screenshot({ path: `${pictures}/${scheme}.png` });
    const state = await tab.evaluate(() => {
        const rows = [...document.querySelectorAll('#matrix tbody tr')], names = () =>
            [...document.querySelectorAll('#matrix tbody tr')].map(r => r.dataset.place).join();
        const before = names();
        document.querySelector('#matrix thead th:nth-child(2) button').click();
        const sorted = [...document.querySelectorAll('#matrix tbody td:nth-child(2)')].map(c => c.dataset.word);
        document.querySelector('#matrix thead th button').click();
        const find = document.getElementById('find');
        find.value = rows[0].cells[0].textContent;
        find.dispatchEvent(new Event('input'));
        const shown = rows.filter(r => !r.hidden).length;
        find.value = '';
        find.dispatchEvent(new Event('input'));
        document.querySelectorAll('details').forEach(d => d.open = true);
        return { wider: document.documentElement.scrollWidth - innerWidth, sorted, shown, same: before === names() };
    });
    if (state.wider > 0) say(scheme, `the page is ${state.wider} pixels wider than a window of ${width}`);
    const rank = ['ERROR', 'FAIL', 'UNINFORMATIVE', 'INCONCLUSIVE', 'PASS', 'SKIP'];
    if (state.sorted.some((w, i) => i && rank.indexOf(state.sorted[i - 1]) > rank.indexOf(w)))
        say(scheme, 'sorted as', state.sorted.join());
    if (state.shown < 1 || !state.same) say(scheme, 'filter or order:', state.shown, state.same);
    await tab.evaluate(fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
    const found = await tab.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
    for (const v of found.violations) say(scheme, 'axe:', v.id, v.help, v.nodes[0].html.slice(0, 200));
    await tab.close();
}

(async () => {
    const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, args: flags });
    for (const [scheme, width] of looks) await look(browser, scheme, width);
    await browser.close();
    process.exit(problems ? 1 : 0);
})();
