// What pages do beyond plain HTML: live refresh, charts drawn from their tables, and copying. All works without it, too.
"use strict";

// A part says of what it wants to be fresh (data-fresh) and how many seconds lie between two looks (data-pause). The
// stream says only that something is new, never what: what comes in a pause is looked for at its end.
const looks = {};
const news = (topics) => {
  for (const part of document.querySelectorAll("[data-fresh]")) {
    if (!part.dataset.fresh.split(" ").some((topic) => topics.includes(topic))) continue;
    const look = (looks[part.id] ??= { at: -Infinity, coming: 0 });
    const pause = look.at + part.dataset.pause * 1000 - performance.now();
    look.coming ||= setTimeout(() => {
      Object.assign(look, { at: performance.now(), coming: 0 });
      freshen(part.id);
    }, Math.max(0, pause));
  }
};
const listen = () => {
  document.body.addEventListener("news", (event) => news(event.detail));
  const where = document.body.dataset.live;
  if (!where || !document.querySelector("[data-fresh]")) return;
  const stream = new EventSource(where);
  stream.onmessage = (message) => news(message.data.split(","));
  addEventListener("pagehide", () => stream.close());
};

const INKS = ["--ink-1", "--ink-2", "--ink-3", "--ink-4", "--ink-5", "--ink-6", "--ink-7", "--ink-8"];
// A canvas knows no light-dark(): the browser says which of the two a colour is now.
const ink = (name) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};

const series = (table) => {
  const rows = [...table.tBodies[0].rows];
  const labels = rows.map((row) => row.cells[0].textContent);
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
  const read = (cell) => (cell.dataset.value === "" ? null : Number(cell.dataset.value));
  return { labels, lines: names.map((label, at) => ({ label, data: rows.map((row) => read(row.cells[at + 1])) })) };
};

const draw = (figure) => {
  const table = figure.querySelector("table");
  const place = figure.querySelector(".canvas");
  if (!table || !place || place.firstChild || typeof Chart === "undefined") return;
  const { labels, lines } = series(table);
  const kind = figure.dataset.chart;
  const unit = figure.dataset.unit;
  const written = (value) => (unit === "%" ? `${Math.round(value * 100)} %` : unit ? `${value} ${unit}` : `${value}`);
  lines.forEach((line, at) => {
    const colour = ink(INKS[at % INKS.length]);
    Object.assign(line, { borderColor: colour, backgroundColor: colour, borderWidth: kind === "line" ? 2 : 0 });
    Object.assign(line, { pointRadius: labels.length > 40 ? 0 : 3, pointStyle: ["circle", "rect", "triangle"][at % 3], tension: 0.2 });
  });
  const values = { stacked: kind === "stacked", beginAtZero: true, grid: { color: ink("--line") }, ticks: { color: ink("--quiet"), precision: unit === "%" ? undefined : 0, callback: written } };
  const names = { stacked: kind === "stacked", grid: { display: false }, ticks: { color: ink("--quiet"), maxRotation: 0, autoSkipPadding: 12 } };
  const lying = kind === "share";
  if (lying) { values.ticks.maxTicksLimit = 5; place.style.height = `${Math.max(6, labels.length * 2 + 3)}rem`; }
  const canvas = document.createElement("canvas");
  place.append(canvas);
  figure.chart = new Chart(canvas, {
    type: kind === "line" ? "line" : "bar",
    data: { labels, datasets: lines },
    options: {
      animation: false, responsive: true, maintainAspectRatio: false, indexAxis: lying ? "y" : "x",
      interaction: { mode: "index", axis: lying ? "y" : "x", intersect: false },
      scales: lying ? { x: values, y: { ...names, ticks: { ...names.ticks, autoSkip: false } } } : { x: names, y: values },
      plugins: {
        legend: { display: lines.length > 1, position: "bottom", labels: { color: ink("--text"), boxWidth: 12, usePointStyle: kind === "line" } },
        tooltip: { callbacks: { label: (item) => ` ${item.dataset.label}: ${item.raw === null ? "–" : written(item.raw)}` } },
      },
    },
  });
};

const drawAll = (within) => within.querySelectorAll("figure[data-chart]").forEach(draw);

// The lines of a long text have numbers beside them.
const number = (text) => {
  const beside = document.createElement("pre");
  const count = () => {
    const lines = text.value.split("\n").length;
    if (beside.dataset.lines === String(lines)) return;
    beside.dataset.lines = lines;
    beside.textContent = Array.from({ length: lines }, (_, at) => at + 1).join("\n");
  };
  beside.className = "rules-numbers";
  beside.setAttribute("aria-hidden", "true");
  const both = document.createElement("div");
  both.className = "rules-numbered";
  text.before(both);
  both.append(beside, text);
  const follow = () => { beside.style.height = `${text.offsetHeight}px`; beside.scrollTop = text.scrollTop; };
  text.addEventListener("input", () => { count(); follow(); });
  text.addEventListener("scroll", follow);
  count();
  follow();
};

// Whether a person has changed a control since the page showed it.
const turned = (control) => {
  if (control.type === "file" || control.type === "hidden") return false;
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  if (control.type === "select-multiple") return [...control.options].some((one) => one.selected !== one.defaultSelected);
  if (control.type === "select-one") return control.selectedIndex !== Math.max([...control.options].findIndex((one) => one.defaultSelected), 0);
  if (control.type === "textarea") return control.value !== control.defaultValue;
  const shown = document.createElement("input"); // which shows no date where "tomorrow" was to be one
  return control.value !== Object.assign(shown, { type: control.type, value: control.defaultValue }).value;
};

// A part that refreshes by itself leaves a person alone who writes, chooses or is being asked in it. What it sends along
// when it asks comes back as it was, so that need not wait.
const waiting = new Set();
const busy = (part) => {
  const sent = part.getAttribute("hx-include");
  return part.querySelector("details.ask[open]") !== null
    || [...part.querySelectorAll("input, select, textarea")].some((one) => !(sent && one.matches(sent)) && (turned(one)
      || (one === document.activeElement && !["checkbox", "radio"].includes(one.type))));
};
const freshen = (id) => {
  const part = document.getElementById(id);
  if (!part?.dataset.fresh) waiting.delete(id); // another part stands there now, which does not refresh
  else if (busy(part)) waiting.add(id);
  else {
    waiting.delete(id);
    htmx.trigger(part, "fresh");
  }
};

// What a person folded out or in stays so when its part is refreshed.
const folds = (part) => [...part.querySelectorAll("details:not(.ask)")].map((fold, at) => [fold.id || at, fold]);
const noteFolds = (part) => {
  part.folds = new Map(folds(part).filter(([, fold]) => "folded" in fold.dataset).map(([name, fold]) => [name, fold.open]));
};
const foldAgain = (part) => {
  for (const [name, fold] of folds(part)) {
    if (!part.folds?.has(name)) continue;
    fold.open = part.folds.get(name);
    fold.dataset.folded = "";
  }
};

addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("textarea.rules-text").forEach(number);
  document.querySelector("form[data-once]")?.requestSubmit(); // a link in a message that says it all
  listen();
  drawAll(document);
  document.body.addEventListener("htmx:afterSwap", (event) => {
    foldAgain(event.detail.requestConfig.elt);
    drawAll(event.detail.elt.parentElement ?? document);
  });
  // What answers with an error says why in its body: it is shown where the answer was to go.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 401) location.reload();
    if (event.detail.xhr.status === 422) event.detail.shouldSwap = true;
    const part = event.detail.requestConfig.elt;
    if (!part.dataset.fresh) return;
    if (!busy(part)) return noteFolds(part);
    event.detail.shouldSwap = false;
    waiting.add(part.id);
  });
  for (const done of ["focusout", "change", "toggle"]) document.addEventListener(done, () => setTimeout(() => waiting.forEach(freshen)), true);
  document.body.addEventListener("click", (event) => {
    const fold = event.target.closest("summary")?.parentElement;
    if (fold) fold.dataset.folded = "";
  });
  // What was typed before this ran, or what the browser filled in again, is heard, too.
  for (const control of document.querySelectorAll("input, select, textarea")) {
    if (turned(control)) for (const kind of ["input", "change"]) control.dispatchEvent(new Event(kind, { bubbles: true }));
  }
  // A file is read into a text, and a line of a text is gone to.
  document.body.addEventListener("change", async (event) => {
    const into = document.getElementById(event.target.dataset.into ?? "");
    if (!into || !event.target.files.length) return;
    into.value = await event.target.files[0].text();
    into.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.body.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    const text = document.getElementById("text");
    if (!link || !text) return;
    event.preventDefault();
    const lines = text.value.split("\n");
    const start = lines.slice(0, link.dataset.line - 1).join("\n").length + (link.dataset.line > 1 ? 1 : 0);
    text.focus();
    text.setSelectionRange(start, start + (lines[link.dataset.line - 1] ?? "").length);
    text.scrollTop = (text.scrollHeight / lines.length) * Math.max(0, link.dataset.line - 8);
  });
  document.body.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    button.classList.add("copied");
  });
  // A box that marks all rows of its table.
  document.body.addEventListener("change", (event) => {
    if (!event.target.matches("[data-all]")) return;
    event.target.closest("table").querySelectorAll("tbody input[type=checkbox]").forEach((box) => { box.checked = event.target.checked; });
  });
});
