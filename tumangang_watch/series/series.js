"use strict";
const all = JSON.parse(document.getElementById("data").textContent);
const NS = "http://www.w3.org/2000/svg";
const which = document.getElementById("which"), from = document.getElementById("from"), to = document.getElementById("to");
function node(parent, name, attributes, text) {
  const made = document.createElementNS(NS, name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  parent.appendChild(made);
  return made;
}
function draw() {
  const series = all[which.value], plots = document.getElementById("plots");
  plots.replaceChildren();
  if (!series) return;
  const start = from.value ? Date.parse(from.value) : series.start, stop = to.value ? Date.parse(to.value) + 864e5 : series.stop;
  if (series.note) { const note = plots.appendChild(document.createElement("p")); note.className = "note"; note.textContent = series.note + "."; }
  for (const panel of series.panels) plots.appendChild(picture(panel, series, start, Math.max(stop, start + 864e5)));
}
function steps(top, whole) {
  const rough = top / 5, power = Math.pow(10, Math.floor(Math.log10(rough)));
  let step = power * [1, 2, 5, 10].find(k => k * power >= rough);
  if (whole) step = Math.max(1, Math.round(step));
  const marks = [];
  for (let k = 0; k * step <= top * (1 + 1e-9); k++) marks.push(+(k * step).toPrecision(6));
  return marks;
}
function moments(start, stop, most) {
  const day = 864e5, days = (stop - start) / day, marks = [];
  if (days < 31 * most) {
    const step = [1, 2, 7, 14, 31].find(k => days / k <= most) || 31;
    for (let t = Math.ceil(start / day) * day; t <= stop; t += step * day) marks.push([t, new Date(t).toISOString().slice(0, 10)]);
    return marks;
  }
  const months = [1, 2, 3, 6, 12, 24, 60, 120, 240].find(k => days / 30.4 / k <= most) || 240;
  const first = new Date(start);
  for (let n = first.getUTCFullYear() * 12 + first.getUTCMonth(); ; n++) {
    const t = Date.UTC(Math.floor(n / 12), n % 12, 1);
    if (t > stop) return marks;
    if (t >= start && n % months === 0) marks.push([t, new Date(t).toISOString().slice(0, months < 12 ? 7 : 4)]);
  }
}
function picture(panel, series, start, stop) {
  const wide = Math.max(280, document.getElementById("plots").clientWidth), high = 170, left = 50, foot = 24;
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("class", "series");
  svg.setAttribute("viewBox", "0 0 " + wide + " " + high);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", panel.label);
  const shown = panel.points.filter(p => p.t >= start && p.t <= stop);
  const top = Math.max(1e-9, ...shown.map(p => p.h)) * 1.04;
  const x = t => left + (wide - left - 14) * (t - start) / (stop - start);
  const y = v => high - foot - (high - foot - 24) * v / top;
  node(svg, "text", {x: 4, y: 12, "font-weight": 600}, panel.label);
  for (const [a, b] of series.gaps) if (b >= start && a <= stop) {
    const from = Math.max(x(a) - 1.5, left), to = Math.min(x(b) + 1.5, wide - 12);
    node(node(svg, "rect", {x: from, y: 20, width: Math.max(to - from, 0), height: high - foot - 20, fill: "#e3e5e8"}), "title", {}, "not observable");
  }
  for (const v of steps(top, panel.whole)) {
    node(svg, "line", {x1: left, x2: wide - 10, y1: y(v), y2: y(v), stroke: v ? "#eceef1" : "#9aa3ad"});
    node(svg, "text", {x: left - 6, y: y(v) + 4, "text-anchor": "end"}, v);
  }
  for (const [t, words] of moments(start, stop, Math.max(2, Math.floor(wide / 110)))) {
    node(svg, "line", {x1: x(t), x2: x(t), y1: high - foot, y2: high - foot + 4, stroke: "#9aa3ad"});
    node(svg, "text", {x: Math.min(x(t), wide - 34), y: high - 6, "text-anchor": "middle"}, words);
  }
  for (const [a, b, mean] of panel.levels) if (b >= start && a <= stop)
    node(svg, "line", {x1: x(Math.max(a, start)), x2: x(Math.min(b, stop)), y1: y(mean), y2: y(mean), stroke: "#6b7280", "stroke-dasharray": "5 3"});
  const size = shown.length > 400 ? 2 : 4;
  for (const p of shown) {
    node(svg, "line", {x1: x(p.t), x2: x(p.t), y1: y(p.l), y2: y(p.h), stroke: "#9db7d1", "stroke-width": 2});
    const link = p.a ? node(svg, "a", {href: p.a}) : svg;
    const mark = p.p ? node(link, "path", {d: "M" + x(p.t) + " " + (y(p.v) - 5) + "l5 9h-10z", fill: "white", stroke: "#1f4e79"})
      : node(link, "circle", {cx: x(p.t), cy: y(p.v), r: size, fill: "#1f4e79"});
    node(mark, "title", {}, p.d + ": " + panel.label + " " + p.v + " (" + p.l + " to " + p.h + ")" + (p.p ? ", seen in part" : ""));
    if (p.u) node(svg, "circle", {cx: x(p.t), cy: y(p.v), r: size + 4, fill: "none", stroke: "#c62828", "stroke-width": 2});
  }
  return svg;
}
for (const control of [which, from, to]) control.addEventListener("change", draw);
let width = 0;
function fit() {
  // Drawing may bring a scroll bar, which takes width: then once more.
  for (let k = 0; k < 2 && document.getElementById("plots").clientWidth !== width; k++) {
    width = document.getElementById("plots").clientWidth;
    draw();
  }
}
addEventListener("resize", fit);
fit();
