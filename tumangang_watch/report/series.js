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
  for (const panel of series.panels) plots.appendChild(picture(panel, series, start, Math.max(stop, start + 864e5)));
}
function picture(panel, series, start, stop) {
  const svg = document.createElementNS(NS, "svg"), wide = 960, high = 170, left = 50, foot = 24;
  svg.setAttribute("class", "series");
  svg.setAttribute("viewBox", "0 0 " + wide + " " + high);
  const shown = panel.points.filter(p => p.t >= start && p.t <= stop);
  const top = Math.max(1e-9, ...shown.map(p => p.h));
  const x = t => left + (wide - left - 10) * (t - start) / (stop - start);
  const y = v => high - foot - (high - foot - 20) * v / top;
  node(svg, "text", {x: 4, y: 12}, panel.label);
  for (const t of series.gaps) if (t >= start && t <= stop) node(svg, "line", {x1: x(t), x2: x(t), y1: 20, y2: high - foot, stroke: "#d5d9e0", "stroke-width": 3});
  for (const v of [0, top / 2, top]) {
    node(svg, "line", {x1: left, x2: wide - 10, y1: y(v), y2: y(v), stroke: "#eceef1"});
    node(svg, "text", {x: left - 6, y: y(v) + 4, "text-anchor": "end"}, +v.toPrecision(3));
  }
  for (let k = 0; k <= 4; k++) {
    const t = start + (stop - start) * k / 4;
    node(svg, "text", {x: x(t), y: high - 6, "text-anchor": k === 4 ? "end" : k ? "middle" : "start"}, new Date(t).toISOString().slice(0, 10));
  }
  for (const p of shown) {
    node(svg, "line", {x1: x(p.t), x2: x(p.t), y1: y(p.l), y2: y(p.h), stroke: "#9db7d1", "stroke-width": 2});
    const link = p.a ? node(svg, "a", {href: p.a}) : svg;
    const mark = p.p ? node(link, "path", {d: "M" + x(p.t) + " " + (y(p.v) - 5) + "l5 9h-10z", fill: "white", stroke: "#1f4e79"})
      : node(link, "circle", {cx: x(p.t), cy: y(p.v), r: 4, fill: "#1f4e79"});
    node(mark, "title", {}, p.d + ": " + panel.label + " " + p.v + " (" + p.l + " to " + p.h + ")" + (p.p ? ", seen in part" : ""));
    if (p.u) node(svg, "circle", {cx: x(p.t), cy: y(p.v), r: 8, fill: "none", stroke: "#c62828", "stroke-width": 2});
  }
  return svg;
}
for (const control of [which, from, to]) control.addEventListener("change", draw);
draw();
