"""How the page of a backtest report looks, and its filters; the page is complete without the script."""

from __future__ import annotations

STYLE = """
:root { --paper: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --old: #a1260d; --new: #116329;
  --changed: #7d4e00; --mark: #f6f8fa; --focus: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e6eaee; --soft: #9aa6b2; --line: #343d47;
  --old: #ff9b85; --new: #7ee2a0; --changed: #f0c36d; --mark: #1c2229; --focus: #79b8ff; } }
* { box-sizing: border-box; }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 72rem; padding: 1.5rem; }
header { border-bottom: 1px solid var(--line); padding-bottom: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1rem; line-height: 1.4; margin: 0; overflow-wrap: anywhere; }
h4 { font-size: .95rem; margin: 0; overflow-wrap: anywhere; }
.about { color: var(--soft); display: grid; gap: 0 1rem; grid-template-columns: max-content 1fr; margin: 0; }
.about dd { margin: 0; overflow-wrap: anywhere; }
.verdict { font-size: 1.25rem; font-weight: 600; margin: 1.25rem 0 .75rem; }
.counts { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); list-style: none;
  margin: 0 0 1rem; padding: 0; }
.counts li { background: var(--mark); border-top: 3px solid var(--line); padding: .5rem .75rem; }
.counts b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; line-height: 1.2; }
.counts .zero { opacity: .6; }
.identical:not(.zero) { border-color: var(--new); } .changed:not(.zero) { border-color: var(--changed); }
.only_old:not(.zero) { border-color: var(--old); } .only_new:not(.zero) { border-color: var(--focus); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
td { overflow-wrap: anywhere; unicode-bidi: isolate; } thead th { color: var(--soft); font-weight: 500; }
tbody th { font-weight: 500; overflow-wrap: anywhere; }
.n { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; overflow-wrap: normal; }
.zero-sum { color: var(--soft); }
.group { background: var(--mark); border-left: 4px solid var(--changed); margin: 1rem 0; padding: .9rem 1.1rem; }
.group.only_old { border-color: var(--old); } .group.only_new { border-color: var(--focus); }
.group p { margin: .25rem 0 .5rem; } .group .wide { margin-bottom: .5rem; }
.badge { border: 1px solid currentColor; border-radius: 1rem; font-size: .8rem; margin-right: .4rem; padding: 0 .5rem;
  white-space: nowrap; }
.changed .badge { color: var(--changed); } .only_old .badge { color: var(--old); }
.only_new .badge { color: var(--focus); }
article { border-top: 1px solid var(--line); margin-top: .75rem; padding-top: .75rem; }
.small { color: var(--soft); font-size: .875rem; }
footer { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: .5rem; } footer ul { padding-left: 1.2rem; }
del, ins { text-decoration: none; unicode-bidi: isolate; } del { color: var(--old); } ins { color: var(--new); }
summary { cursor: pointer; font-weight: 500; padding: .15rem 0; }
.filter { align-items: end; display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; margin: .5rem 0 1rem; }
.filter label { color: var(--soft); font-size: .875rem; } .filter input, .filter select { background: var(--paper);
  border: 1px solid var(--soft); border-radius: .3rem; color: var(--ink); display: block; font: inherit;
  max-width: 100%; padding: .3rem .5rem; }
.filter input { width: 18rem; } .filter output { color: var(--soft); padding-bottom: .3rem; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
[hidden] { display: none !important; }
@media (max-width: 40rem) { body { padding: 1rem; } .counts { grid-template-columns: 1fr 1fr; }
  .net { font-size: .8rem; } .net th, .net td { padding-right: .5rem; }
  .group { padding: .75rem; } .about { grid-template-columns: 1fr; } .about dt { font-weight: 600; }
  .fields thead { display: none; } .fields tr { border-bottom: 1px solid var(--line); display: block;
  padding: .4rem 0; } .fields th, .fields td { border: 0; display: block; padding: 0; text-align: left; }
  .fields td[data-name]::before { color: var(--soft); content: attr(data-name) ' '; } }
@media print { body { font-size: 11px; max-width: none; padding: 0; } .filter { display: none; }
  .group { break-inside: auto; } article, tr { break-inside: avoid; } h2, h3, h4 { break-after: avoid; }
  details::details-content { block-size: auto; content-visibility: visible; } }
"""

SCRIPT = """
(() => {
  const filter = document.getElementById('filter');
  if (!filter) return;
  filter.hidden = false;
  const text = filter.querySelector('input'), verdict = filter.querySelector('select');
  const said = filter.querySelector('output');
  const counted = (count, noun) => count + ' ' + noun + (count === 1 ? '' : 's');
  const apply = () => {
    const wanted = text.value.trim().toLowerCase();
    let groups = 0, events = 0;
    for (const group of document.querySelectorAll('section.group')) {
      const right = !verdict.value || group.classList.contains(verdict.value);
      const head = group.querySelector('h3').textContent.toLowerCase().includes(wanted);
      let some = head;
      for (const event of group.querySelectorAll('article')) {
        const fits = right && (head || event.textContent.toLowerCase().includes(wanted));
        event.hidden = !fits;
        events += fits;
        some = some || fits;
      }
      group.hidden = !(right && some);
      groups += !group.hidden;
      const folded = group.querySelector('details');
      if (wanted && folded && !group.hidden) folded.open = true;
    }
    const found = counted(groups, 'kind') + ', ' + counted(events, 'event') + ' in full';
    said.textContent = wanted || verdict.value ? found : '';
  };
  text.addEventListener('input', apply);
  verdict.addEventListener('change', apply);
  addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((each) => { each.open = true; }));
})();
"""
