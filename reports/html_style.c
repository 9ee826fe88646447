/* How the page looks, on screens light and dark and on paper, and the script that sorts and filters its table. */
#include "reports/html.h"

#include <string.h>

/* Colours of lines after Wong 2011, as in figures.c. Words are dark enough on their fill for WCAG 2 (4.5 : 1). */
static const char *const style[] = {
    ":root{color-scheme:light dark;--page:#fff;--ink:#1c1c1c;--quiet:#595959;--line:#c9c9c9;--faint:#f3f3f1;",
    "--link:#00538a;--sa:#0072b2;--sn:#2b7fb0;--aa:#c04f00;--an:#8f6200;--grey:#e6e6e6;--mark:#b00020}",
    "@media(prefers-color-scheme:dark){:root{--page:#16181a;--ink:#e8e8e6;--quiet:#b0b0ad;--line:#4a4d50;",
    "--faint:#212427;--link:#8cc8f5;--sa:#56b4e9;--sn:#9bd0f0;--aa:#f08a3c;--an:#e6b94c;--grey:#33373a;--mark:#ff9c9c}}",
    "*{box-sizing:border-box}",
    "body{margin:0 auto;padding:0 1.2rem 3rem;max-width:78rem;background:var(--page);color:var(--ink);",
    "font:1rem/1.5 system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}",
    "h1{font-size:1.7rem;margin:1.4rem 0 .2rem}h2{font-size:1.35rem;margin:2.4rem 0 .6rem}",
    "h3{font-size:1.2rem;margin:0 0 .3rem}h4{font-size:1.02rem;margin:0 0 .3rem}",
    "h1,h2,h3,h4,th,td,code,li,p{overflow-wrap:anywhere}p,ul{max-width:62rem}",
    "a{color:var(--link)}:focus-visible{outline:3px solid var(--link);outline-offset:2px}",
    ".skip{position:absolute;left:-99rem}.skip:focus{left:.5rem;top:.5rem;background:var(--page);padding:.4rem}",
    ".quiet{color:var(--quiet)}.warn{border-left:.3rem solid var(--mark);padding:.3rem .8rem;background:var(--faint)}",
    ".scroll{overflow-x:auto;max-width:100%}",
    "table{border-collapse:collapse}caption{text-align:left;color:var(--quiet);padding:.2rem 0 .5rem;",
    "max-width:min(62rem,100vw - 3.4rem)}",
    "th,td{padding:.3rem .55rem;text-align:left;vertical-align:top}tbody th{font-weight:600}",
    ".plain td,.plain th{border-top:1px solid var(--line)}.plain td{font-variant-numeric:tabular-nums}",
    "#matrix thead th{vertical-align:bottom;font-weight:600;overflow-wrap:normal}#matrix td{padding:.15rem}",
    "#matrix tbody tr:nth-child(even){background:var(--faint)}#matrix tbody th{white-space:nowrap}",
    "#matrix button{all:unset;cursor:pointer;text-decoration:underline dotted}",
    "#matrix button:focus-visible{outline:3px solid var(--link)}",
    "#matrix [aria-sort=ascending] button::after{content:' \\2191'}",
    "#matrix [aria-sort=descending] button::after{content:' \\2193'}",
    ".cell{display:block;min-width:5rem;padding:.25rem .5rem;border-radius:.25rem;text-decoration:none;",
    "font-variant-numeric:tabular-nums;white-space:nowrap}.cell b{display:block;font-size:.8rem}.cell span{font-size:.8rem}",
    ".cell:hover{text-decoration:underline}",
    ".word{display:inline-block;padding:.05rem .45rem;border-radius:.25rem;font-size:.86rem;font-weight:700}",
    ".keep{display:inline-block;margin-right:.6rem}.keep .key{margin-left:0}",
    ".keys{list-style:none;padding:0}.keys li{padding-left:2.4rem}.keys .key{margin:0 .5rem 0 -2.4rem}",
    ".off{outline:3px solid var(--mark);outline-offset:1px}",
    ".tools{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;margin:.6rem 0}.tools[hidden]{display:none}",
    "input,select{font:inherit;color:inherit;background:var(--page);border:1px solid var(--quiet);",
    "border-radius:.25rem;padding:.15rem .4rem}",
    "nav ul{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;list-style:none;padding:0;margin:.4rem 0}",
    ".explainer{border-top:3px solid var(--line);padding-top:1rem;margin-top:2.2rem}",
    ".verdict{margin:1.1rem 0 0;padding:.9rem 0 .2rem;border-top:1px solid var(--line)}",
    ".both{display:flex;flex-wrap:wrap;gap:.6rem 2rem;align-items:flex-start}.both>*{min-width:0}",
    "figure{margin:.3rem 0}figcaption{color:var(--quiet);font-size:.86rem;max-width:34rem}",
    ".plot{width:100%;max-width:34rem;height:auto;display:block}.plot text{fill:var(--ink);font-size:11px}",
    ".plot .axis{stroke:var(--quiet);fill:none}.plot .grid{stroke:var(--line)}.plot .grey{fill:var(--grey)}",
    ".sa{--c:var(--sa)}.sn{--c:var(--sn)}.aa{--c:var(--aa)}.an{--c:var(--an)}",
    ".line{fill:none;stroke:var(--c);stroke-width:1.8}.sn .line,.an .line{stroke-dasharray:5 3;stroke-width:1.3}",
    ".dot{fill:var(--c)}.sn .dot,.an .dot{fill:var(--page);stroke:var(--c);stroke-width:1.3}",
    ".band{fill:var(--c);opacity:.2;stroke:none}.bar{stroke:var(--c);stroke-width:1.3}",
    ".floor{fill:none;stroke:var(--c);stroke-dasharray:1.5 3}.ceiling{fill:none;stroke:var(--c);",
    "stroke-dasharray:7 3 1.5 3}.limit{fill:none;stroke:var(--ink);stroke-dasharray:3 3;opacity:.75}",
    ".key{width:1.9rem;height:.8rem;vertical-align:-.1rem;margin:0 .25rem 0 .7rem}",
    ".strip th,.strip td{padding:.15rem .2rem;font-size:.8rem;text-align:center;font-weight:400}",
    ".strip th{white-space:nowrap;overflow-wrap:normal}.tile{display:block;width:88px;height:auto;margin:auto;",
    "border:1px solid var(--line);background:#fff}.px{image-rendering:pixelated}.under{opacity:.55;",
    "filter:grayscale(1)}.for{fill:#b2182b}.against{fill:#2166ac}.value{fill:#777}",
    ".ramp{display:inline-block;width:5rem;height:.7rem;margin:0 .4rem;border:1px solid var(--line);",
    "vertical-align:-.05rem;background:linear-gradient(90deg,#2166ac,#fff,#b2182b);print-color-adjust:exact}",
    ".ramp.one{background:linear-gradient(90deg,#fff,#b2182b)}",
    "code{font:.86rem/1.4 ui-monospace,'DejaVu Sans Mono',monospace}",
    ".command{display:block;padding:.35rem .6rem;background:var(--faint);border-radius:.25rem;max-width:62rem}",
    "details{margin:.4rem 0}summary{cursor:pointer}",
    ".hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}",
    ".defs{position:absolute;width:0;height:0}",
    "@media print{:root{--page:#fff;--ink:#000;--quiet:#444;--line:#bbb;--faint:#f3f3f1;--sa:#0072b2;--sn:#2b7fb0;",
    "--aa:#c04f00;--an:#8f6200;--grey:#e6e6e6;--mark:#b00020;--link:#000}body{max-width:none;padding:0;font-size:9pt}",
    ".tools,nav,.skip{display:none}.cell,.word,.tile,.ramp{print-color-adjust:exact}",
    "h3,h4{break-after:avoid}.verdict,figure,tr{break-inside:avoid}.scroll{overflow:visible}",
    ".tile{width:60px}.cell{min-width:0;padding:.1rem .3rem}}",
};

/* Headings become buttons that sort by how grave a word is, then by number; rows that do not match are hidden. */
static const char *const script[] = {
    "(()=>{const t=document.getElementById('matrix');if(!t)return;",
    "const body=t.tBodies[0],rows=[...body.rows],heads=[...t.tHead.rows[0].cells],$=i=>document.getElementById(i);",
    "const rank=['ERROR','FAIL','UNINFORMATIVE','INCONCLUSIVE','PASS','SKIP'];",
    "const key=(r,c)=>{const d=r.cells[c].dataset;return c?[rank.indexOf(d.word),-(d.score||-9)]:[r.dataset.place,0]};",
    "heads.forEach((h,c)=>{const b=document.createElement('button');b.type='button';b.append(...h.childNodes);",
    "h.append(b);b.onclick=()=>{const up=h.ariaSort!=='ascending';",
    "heads.forEach(o=>o.removeAttribute('aria-sort'));h.ariaSort=up?'ascending':'descending';",
    "rows.sort((x,y)=>{const a=key(x,c),b=key(y,c);return(a[0]-b[0]||a[1]-b[1]||x.dataset.place-y.dataset.place)*",
    "(up?1:-1)});body.append(...rows)}});",
    "const look=()=>{const w=$('find').value.toLowerCase(),s=$('show').value;let n=0;rows.forEach(r=>{",
    "const all=[...r.cells].slice(1);r.hidden=!(r.cells[0].textContent.toLowerCase().includes(w)&&(!s||",
    "all.some(c=>s==='!'?c.dataset.off:c.dataset.word===s)));n+=!r.hidden});",
    "$('count').textContent=n+' of '+rows.length+' rows'};",
    "$('find').oninput=$('show').onchange=look;$('tools').hidden=false;look()})();",
};

static void add_lines(struct text *out, const char *const *lines, size_t count) {
    for (size_t i = 0; i < count; i++) {
        text_append(out, lines[i], strlen(lines[i]));
        text_append(out, "\n", 1);
    }
}

void html_add_style(struct text *out) {
    add_lines(out, style, sizeof style / sizeof *style);
    for (size_t i = 0; i < VERDICT_STYLES; i++) {
        const struct verdict_style *s = &verdict_styles[i];
        bool light = s->ink == 0xffffff; /* white words want the darker of the two hues */
        text_add(out, ".w%zu{background:#%06x;color:#%06x}\n", i, light ? s->mark : s->fill,
                 strcmp(s->word, "SKIP") == 0 ? 0x595959u : s->ink);
    }
    text_add(out, "@media(prefers-color-scheme:dark){.w4{background:#3a3d40;color:#d0d0cd}}\n");
}

void html_add_script(struct text *out) {
    add_lines(out, script, sizeof script / sizeof *script);
}
