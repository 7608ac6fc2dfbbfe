// What pages do beyond plain HTML: live refresh, charts drawn from their tables, and copying. All works without it, too.
"use strict";

// Whoever wants to be fresh says hx-trigger="live:leads from:body"; the stream says only that something is new.
const listen = () => {
  const where = document.body.dataset.live;
  if (!where || !document.querySelector('[hx-trigger*="live:"]')) return;
  const stream = new EventSource(where);
  stream.onmessage = (message) => {
    for (const topic of message.data.split(",")) document.body.dispatchEvent(new CustomEvent(`live:${topic}`));
  };
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

addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("textarea.rules-text").forEach(number);
  document.querySelector("form[data-once]")?.requestSubmit(); // a link in a message that says it all
  listen();
  drawAll(document);
  document.body.addEventListener("htmx:afterSwap", (event) => drawAll(event.detail.elt.parentElement ?? document));
  // What answers with an error says why in its body: it is shown where the answer was to go.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 401) location.reload();
    if (event.detail.xhr.status === 422) event.detail.shouldSwap = true;
  });
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
