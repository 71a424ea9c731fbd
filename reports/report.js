"use strict";

/* The address holds what is looked at and what is filtered: `#ANT-STR-028?outcome=fail`. */
function address() {
  const [id, query = ""] = location.hash.slice(1).split("?");
  let place = id;
  try { place = decodeURIComponent(id); } catch { /* a stray percent sign */ }
  return { id: place, filters: new URLSearchParams(query) };
}

/* Opens the evidence that a link leads to; a page without script opens it by hand. */
function reveal() {
  for (const old of document.querySelectorAll(".looked-at")) old.classList.remove("looked-at");
  const { id } = address();
  const target = id && document.getElementById(id);
  if (!target) return;
  for (let node = target; node; node = node.parentElement) {
    if (node.tagName === "DETAILS") node.open = true;
    if (node.hidden) clearFilter();
  }
  target.classList.add("looked-at");
  target.scrollIntoView({ block: target.tagName === "DETAILS" ? "start" : "center" });
  const focused = target.querySelector(":scope > summary") || target;
  if (!focused.matches("a, button, summary, [tabindex]")) focused.tabIndex = -1;
  focused.focus({ preventScroll: true });
}

/* Copies the text of the element that a button names. */
function offerCopies() {
  for (const block of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy " + block.dataset.copy);
    button.addEventListener("click", () => copy(block, button));
    block.after(button);
  }
}

async function copy(block, button) {
  try {
    await navigator.clipboard.writeText(block.textContent);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(block);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

/* Filters everything that carries facets: findings, what was not judged, exchanges, verdicts. */
const FACETS = ["outcome", "protocol", "area", "symptom"];
const filter = document.getElementById("filter");
let filtered = [];

function offerFilter() {
  if (!filter) return;
  filtered = [...document.querySelectorAll("[data-outcome]")].map((node) => ({ node, text: null }));
  filter.hidden = false;
  filter.addEventListener("input", () => { apply(); remember(); });
  filter.addEventListener("reset", () => setTimeout(() => { apply(); remember(); }));
  filter.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.target.matches("input, select, textarea")) {
      event.preventDefault();
      filter.text.focus();
    }
  });
  recall();
  apply();
}

function apply() {
  const words = filter.text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = FACETS.filter((name) => filter[name].value);
  for (const item of filtered) {
    const { node } = item;
    if (words.length && item.text === null) item.text = node.textContent.toLowerCase();
    node.hidden = !(wanted.every((name) => node.dataset[name].split(" ").includes(filter[name].value))
      && words.every((word) => item.text.includes(word)));
  }
  for (const group of document.querySelectorAll(".symptom, .reason")) {
    group.hidden = !group.querySelector("[data-outcome]:not([hidden])");
  }
  const shown = (selector) => document.querySelectorAll(selector + ":not([hidden])").length;
  const all = (selector) => document.querySelectorAll(selector).length;
  const said = [["requirements", "#all tbody tr"], ["exchanges", "details.exchange"]]
    .map(([name, selector]) => shown(selector) + " of " + all(selector) + " " + name);
  document.getElementById("filter-count").textContent = said.join(", ");
}

/* Keeps the filters in the address, so that a link shows the same. */
function remember() {
  const query = new URLSearchParams(new FormData(filter));
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  const text = query.toString();
  const { id } = address();
  const hash = text ? "#" + encodeURIComponent(id) + "?" + text : id ? "#" + encodeURIComponent(id) : "";
  history.replaceState(null, "", hash || location.href.split("#")[0]);
}

/* Takes the filters from the address, if it has any. */
function recall() {
  const { filters } = address();
  if (![...filters].length) return;
  for (const name of [...FACETS, "text"]) filter[name].value = filters.get(name) || "";
}

function clearFilter() {
  for (const name of [...FACETS, "text"]) filter[name].value = "";
  apply();
}

function follow() {
  if (filter) { recall(); apply(); }
  reveal();
  if (filter) remember();
}

/* Paper cannot be clicked: the marked evidence is printed open. */
function openForPrint() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.marked:not([open]), details.more:not([open])")];
    opened.forEach((node) => { node.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((node) => { node.open = false; }));
}

offerCopies();
offerFilter();
openForPrint();
addEventListener("hashchange", follow);
// Once more when the browser has gone to the fragment by itself, which takes the focus.
addEventListener("load", () => setTimeout(reveal));
reveal();
