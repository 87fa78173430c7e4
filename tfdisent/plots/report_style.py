"""The report's style sheet, light and dark, narrow and wide, and the script that sorts its tables."""

import base64
import hashlib

__all__ = ["CSS", "SCRIPT", "SCRIPT_HASH"]

CSS = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1f2328; --muted: #59636e; --line: #d8dee4; --panel: #f6f8fa; --accent: #0b62c4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1318; --ink: #e6e9ed; --muted: #98a2ad; --line: #2c333b; --panel: #171c22; --accent: #6cb2ff;
  }
  figure .picture { filter: brightness(0.9); }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 68rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1 { margin: 0 0 1rem; font-size: clamp(1.6rem, 1.2rem + 2vw, 2.3rem); line-height: 1.2; }
h2 { margin: 3rem 0 0.75rem; padding-bottom: 0.3rem; font-size: 1.35rem; }
h2 { border-bottom: 1px solid var(--line); }
h3 { margin: 2rem 0 0.5rem; font-size: 1.08rem; }
h1, h2, h3 { font-weight: 650; text-wrap: balance; overflow-wrap: anywhere; }
h2, h3 { line-height: 1.3; }
p { max-width: 44rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
dl {
  display: grid; grid-template-columns: fit-content(14rem) 1fr; gap: 0.3rem 1.25rem; margin: 1.25rem 0;
  padding: 0.9rem 1.1rem; background: var(--panel); border-radius: 0.5rem; font-size: 0.94rem;
}
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll {
  overflow-x: auto;
  background:
    linear-gradient(to left, var(--paper) 40%, transparent) right / 3rem 100% no-repeat local,
    linear-gradient(to left, var(--line), transparent) right / 1.25rem 100% no-repeat scroll;
}
table { border-collapse: separate; border-spacing: 0; }
table { font-size: 0.94rem; font-variant-numeric: tabular-nums lining-nums; }
th, td { padding: 0.4rem 1.1rem 0.4rem 0; text-align: left; vertical-align: baseline; }
th + th, th + td, td + td { padding-left: 0.6rem; }
thead th { border-bottom: 2px solid var(--line); font-weight: 600; vertical-align: bottom; }
tbody td, tbody th { border-bottom: 1px solid var(--line); }
tbody th { font-weight: 500; overflow-wrap: break-word; }
thead th:first-child, tbody th { position: sticky; left: 0; z-index: 1; background: var(--paper); }
td small { display: block; color: var(--muted); font-size: 0.82em; font-weight: 400; }
.sortable tbody th { min-width: 7rem; }
.again { color: var(--muted); }
.sortable tbody tr:not(:last-child) > * { border-bottom-style: none; }
.sortable thead th { font-size: 0.84em; line-height: 1.35; }
.sortable th, .sortable td { padding-right: 0.3rem; }
.sortable th + th, .sortable th + td, .sortable td + td { padding-left: 0.5rem; }
.broad {
  min-width: 100%; width: max-content; max-width: min(100vw - 2.5rem, 90rem);
  margin-left: 50%; transform: translateX(-50%);
}
.sortable button {
  margin: 0; padding: 0; border: 0; background: none; color: inherit; font: inherit; text-align: inherit;
  cursor: pointer;
}
.sortable button:hover { color: var(--accent); }
.sortable [aria-sort="ascending"] button::after { content: "\\a0\\25b4"; color: var(--accent); }
.sortable [aria-sort="descending"] button::after { content: "\\a0\\25be"; color: var(--accent); }
.number { text-align: right; }
td.number { white-space: nowrap; }
.best { color: var(--accent); font-weight: 700; }
.direction { color: var(--muted); font-weight: 400; }
figure { margin: 1.5rem 0 2rem; }
.picture {
  width: fit-content; max-width: 100%; overflow-x: auto; padding: 0.5rem;
  background: #ffffff; border: 1px solid var(--line); border-radius: 0.5rem;
}
.picture img { display: block; height: auto; max-width: 100%; }
.picture img.wide { min-width: min(38rem, var(--natural)); }
figcaption { max-width: 44rem; margin-top: 0.6rem; color: var(--muted); font-size: 0.88rem; }
pre {
  margin: 0.75rem 0 0; padding: 0.9rem 1.1rem; overflow-x: auto;
  background: var(--panel); border-radius: 0.5rem;
  font: 0.82rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
details { margin: 1rem 0; }
summary { cursor: pointer; }
footer {
  margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line);
  color: var(--muted); font-size: 0.85rem;
}
@media (max-width: 40rem) {
  main { padding: 1.75rem 1rem 3rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.6rem; }
  dd:last-child { margin-bottom: 0; }
  table { font-size: 0.88rem; }
  th, td { padding-right: 0.6rem; }
  thead th:first-child, tbody th { max-width: 42vw; }
  .stacked, .stacked tbody, .stacked tr, .stacked th, .stacked td { display: block; max-width: none; }
  .stacked { font-size: 0.94rem; }
  .stacked thead { display: none; }
  .sortable thead { display: block; }
  .broad { min-width: 0; width: auto; max-width: none; margin-left: 0; transform: none; }
  .sortable thead tr { display: flex; flex-wrap: wrap; gap: 0.4rem; padding-bottom: 0.6rem; }
  .sortable thead tr::before { content: "Sort by"; color: var(--muted); }
  .sortable thead th { position: static; min-width: 0; padding: 0 0.6rem; border: 1px solid var(--line); }
  .sortable thead th { border-radius: 1rem; text-align: left; font-size: 0.94em; font-weight: 400; }
  .stacked tbody { padding: 0.6rem 0; border-top: 1px solid var(--line); }
  .stacked tbody th, .stacked tbody td { position: static; padding: 0.1rem 0; border: 0; text-align: left; }
  .stacked tbody th { font-weight: 650; }
  .stacked tbody .again, .stacked tbody .none { display: none; }
  .stacked tbody td { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 0 0.6rem; white-space: normal; }
  .stacked tbody td::before {
    flex: 1 1 9rem; min-width: 0; color: var(--muted); font-weight: 400; overflow-wrap: anywhere;
    content: attr(data-label);
  }
  .stacked td small { min-width: 5.4rem; text-align: right; align-self: center; }
  .stacked tbody tr + tr { margin-top: 0.4rem; }
}
@media print { main { padding: 0; } figure { break-inside: avoid; } }
"""

SCRIPT = """
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const key = (body, column) => {
    const cells = [...body.rows].map((row) => row.cells[column]);
    const cell = cells.find((each) => each.dataset.value !== undefined);
    return cell ? Number(cell.dataset.value) : cells[0].classList.contains("number") ? null : cells[0].textContent;
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", {numeric: true});
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", (event) => {
    const before = head.getAttribute("aria-sort");
    const first = event.currentTarget.dataset.first;
    const order = before ? (before === "ascending" ? "descending" : "ascending") : first;
    heads.forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order);
    const bodies = [...table.tBodies].map((body) => [key(body, column), body]);
    const known = bodies.filter(([value]) => value !== null);
    const unknown = bodies.filter(([value]) => value === null);
    known.sort(([a], [b]) => (order === "ascending" ? compare(a, b) : compare(b, a)));
    table.append(...[...known, ...unknown].map(([, body]) => body));
  }));
}
"""
# The page's policy lets this one script run and no other.
SCRIPT_HASH = f"sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}"
