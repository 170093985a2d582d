"""How the page of a backtest report looks, and its filter; the page is complete without the script."""

from __future__ import annotations

STYLE = """
:root { --paper: #fff; --ink: #1b1f24; --soft: #59636e; --line: #d5dbe1; --old: #a1260d; --new: #116329;
  --changed: #8a5a00; --mark: #f4f6f8; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e6eaee; --soft: #97a3af; --line: #333c46;
  --old: #ff9b85; --new: #7ee2a0; --changed: #f0c36d; --mark: #1d232a; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 68rem; padding: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; } h4 { font-size: .95rem; margin: 1rem 0 0; }
.about { display: grid; gap: 0 1rem; grid-template-columns: max-content 1fr; margin: 0; color: var(--soft); }
.about dd { margin: 0; overflow-wrap: anywhere; }
.verdict { font-size: 1.15rem; font-weight: 600; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; list-style: none; padding: 0; }
.counts b { font-size: 1.3rem; }
.identical b, .only_new b { color: var(--new); } .changed b { color: var(--changed); }
.only_old b { color: var(--old); }
table { border-collapse: collapse; width: 100%; } th, td { border-bottom: 1px solid var(--line); padding: .25rem .75rem
  .25rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 500; } .n { font-variant-numeric: tabular-nums; text-align: right; }
.group { background: var(--mark); border-left: 3px solid var(--changed); margin: 1rem 0; padding: .75rem 1rem; }
.group.only_old { border-color: var(--old); } .group.only_new { border-color: var(--new); }
.small { color: var(--soft); font-size: .85rem; } .sentences { list-style: none; padding: 0; }
del { color: var(--old); text-decoration: none; } ins { color: var(--new); text-decoration: none; }
summary { cursor: pointer; color: var(--soft); } input { font: inherit; padding: .2rem .5rem; }
[hidden] { display: none; }
@media print { body { max-width: none; padding: 0; } #filter { display: none; } .group { break-inside: avoid-page; }
  details::details-content { content-visibility: visible; block-size: auto; } }
"""

SCRIPT = """
(() => {
  const filter = document.getElementById('filter');
  if (!filter) return;
  filter.hidden = false;
  const input = filter.querySelector('input'), said = filter.querySelector('output');
  input.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const group of document.querySelectorAll('section.group')) {
      const head = group.querySelector('h3').textContent.toLowerCase().includes(wanted);
      let some = head;
      for (const event of group.querySelectorAll('article')) {
        const fits = head || event.textContent.toLowerCase().includes(wanted);
        event.hidden = !fits;
        shown += fits;
        some = some || fits;
      }
      group.hidden = !some;
      if (wanted) group.querySelector('details').open = some;
    }
    said.textContent = wanted ? shown + ' events' : '';
  });
  addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((each) => { each.open = true; }));
})();
"""
