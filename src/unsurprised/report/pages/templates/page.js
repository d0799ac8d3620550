"use strict";

// Charts: the colours are variables of the page, so that dark and print need no drawing anew.
const charts = JSON.parse(document.getElementById("charts").textContent);
const settings = {mode: "vega-lite", renderer: "svg", actions: false, ast: true};
const drawn = Object.entries(charts).map(([id, spec]) => {
  const bind = document.getElementById(`choice-${id}`) || undefined;
  return vegaEmbed(`#chart-${id}`, spec, {...settings, bind});
});
Promise.all(drawn).then((made) => {
  const views = new Map(Object.keys(charts).map((id, place) => [id, made[place].view]));
  for (const {dataset} of document.querySelectorAll("[data-follows]")) {
    const view = views.get(dataset.chart);
    views.get(dataset.follows).addSignalListener("curve", (_, of) => view.signal("curve", of).runAsync());
  }
  document.documentElement.setAttribute("data-drawn", drawn.length);
});

// Tables: a button in each header sorts; where entries have a number, by that.
const byText = new Intl.Collator(undefined, {numeric: true});
const sortKey = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.sort === undefined ? cell.textContent : Number(cell.dataset.sort);
};
const compare = (a, b) =>
  typeof a === "number" && typeof b === "number"
    ? (a === b ? 0 : a - b)
    : byText.compare(a, b);

function sort(table, header) {
  const down = header.getAttribute("aria-sort") !== "descending";
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const keyed = [...body.rows].map((row) => [sortKey(row, header.cellIndex), row]);
  keyed.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
  body.append(...keyed.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table[data-sortable]")) {
  for (const header of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sort(table, header));
  }
}

for (const field of document.querySelectorAll("input[data-search]")) {
  const rows = document.getElementById(field.dataset.search).tBodies[0].rows;
  const found = document.getElementById(`found-${field.dataset.search}`);
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += !row.hidden;
    }
    found.textContent = wanted ? `${shown} of ${rows.length}` : "";
  });
}

// In print what a word means is no click away, so it is shown.
const folded = () => document.querySelectorAll("details.terms:not([open])");
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...folded()];
  for (const part of opened) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
});

// What can be scrolled sideways says so and can be reached by keyboard; what cannot is no stop on
// the way. A table keeps its first columns in view, as many as leave room for others.
const MOST_KEPT = 0.7;

function keep(table, frame) {
  table.removeAttribute("data-kept");
  const cells = [...table.tHead.rows[0].cells].slice(0, Number(table.dataset.keeps));
  let room = frame.clientWidth * MOST_KEPT;
  let kept = 0;
  for (const cell of cells) {
    if ((room -= cell.offsetWidth) < 0) break;
    kept += 1;
  }
  if (kept) table.dataset.kept = kept;
  for (const [place, name] of ["first", "second", "third"].entries()) {
    const left = cells.slice(0, place).reduce((sum, cell) => sum + cell.offsetWidth, 0);
    table.style.setProperty(`--${name}`, `${left}px`);
  }
}

function mark(frame) {
  const left = frame.scrollLeft > 1;
  const right = frame.scrollLeft + frame.clientWidth < frame.scrollWidth - 1;
  frame.dataset.beyond = [left && "left", right && "right"].filter(Boolean).join(" ");
  frame.previousElementSibling.toggleAttribute("data-reached", !right);
}

function fit(frame) {
  const {scrollLeft} = frame;
  frame.removeAttribute("data-wide"); // what is scrolled anyway need not be squeezed
  const wide = frame.scrollWidth > frame.clientWidth;
  frame.toggleAttribute("data-wide", wide);
  frame.scrollLeft = scrollLeft;
  const table = frame.querySelector("table");
  if (wide) frame.tabIndex = 0;
  else frame.removeAttribute("tabindex");
  frame.previousElementSibling.hidden = !wide;
  if (table && wide) keep(table, frame);
  else if (table) table.removeAttribute("data-kept");
  mark(frame);
}

const frames = new ResizeObserver((seen) => {
  for (const frame of new Set(seen.map(({target}) => target.closest(".scroll")))) fit(frame);
});
for (const frame of document.querySelectorAll(".scroll")) {
  for (const one of [frame, ...frame.children]) frames.observe(one);
  frame.addEventListener("scroll", () => mark(frame), {passive: true});
}
