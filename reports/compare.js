"use strict";

/* Filters the matrix by text, area, level, differences and failures. */
function offerMatrixFilter() {
  const form = document.getElementById("matrix-filter");
  if (!form) return;
  const groups = [...document.querySelectorAll("#matrix tbody")].map((body) => ({
    body,
    rows: [...body.querySelectorAll("tr:not(.group)")].map((row) => (
      { row, text: row.textContent.toLowerCase() }
    )),
  }));
  const total = groups.reduce((sum, group) => sum + group.rows.length, 0);
  const apply = () => {
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { body, rows } of groups) {
      const inGroup = (!form.area.value || body.dataset.area === form.area.value)
        && (!form.level.value || body.dataset.level === form.level.value);
      let here = 0;
      for (const { row, text } of rows) {
        const fits = inGroup && words.every((word) => text.includes(word))
          && (!form.differs || !form.differs.checked || "differs" in row.dataset)
          && (!form.fails.checked || "fails" in row.dataset);
        row.hidden = !fits;
        here += fits ? 1 : 0;
      }
      body.hidden = !here;
      shown += here;
    }
    document.getElementById("matrix-count").textContent = shown + " of " + total + " shown";
    document.getElementById("matrix-none").hidden = shown > 0;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  /* A link back to a row that the filter hides shows it again. */
  addEventListener("hashchange", () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (row && row.closest("#matrix") && row.closest("[hidden]")) {
      form.reset();
      setTimeout(() => row.scrollIntoView({ block: "center" }), 10);
    }
  });
  apply();
}

offerMatrixFilter();
