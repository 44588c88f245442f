"use strict";
const words = JSON.parse(document.querySelector("main").dataset.words);
const t = (text) => words[text] || text;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const made = (tag, text, attributes = {}) => {
  const node = document.createElement(tag);
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};
for (const pair of document.querySelectorAll(".pair")) {
  const grounds = [...pair.querySelectorAll(".ground")];
  const [, , wide, high] = grounds[0].getAttribute("viewBox").split(" ").map(Number);
  const two = "slider" in pair.dataset;
  const metres = Number(pair.dataset.metres);
  let view = [0, 0, wide, high];
  let blinking = 0;
  const bar = made("div", "", { class: "controls on" });
  const button = (text, label, press) => {
    const node = made("button", text, { type: "button", "aria-label": label });
    node.addEventListener("click", press);
    bar.append(node);
    return node;
  };

  const drawScale = () => {
    const shown = grounds[0].clientWidth;
    for (const ground of grounds) ground.style.setProperty("--u", view[2] / Math.max(shown, 1));
    const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
    const span = view[2] * metres;
    const length = steps.filter((step) => step <= span / 4).pop() || 1;
    for (const scale of pair.querySelectorAll(".scale")) {
      scale.style.width = (100 * length) / span + "%";
      scale.firstChild.textContent = length + " m";
    }
  };
  const look = (x, y, w) => {
    w = Math.min(Math.max(w, 40), wide);
    const h = (w * high) / wide;
    view = [Math.min(Math.max(x, 0), wide - w), Math.min(Math.max(y, 0), high - h), w, h];
    for (const ground of grounds) ground.setAttribute("viewBox", view.join(" "));
    pair.classList.toggle("zoomed", w < wide);
    drawScale();
  };
  const zoom = (factor, u = 0.5, v = 0.5) => {
    const w = Math.min(Math.max(view[2] * factor, 40), wide);
    look(view[0] + u * (view[2] - w), view[1] + v * (view[3] - (w * high) / wide), w);
  };
  const focus = () => {
    const [x, y, w, h] = pair.dataset.focus.split(" ").map(Number);
    const need = Math.max(w, (h * wide) / high);
    look(x + w / 2 - need / 2, y + h / 2 - ((need * high) / wide) / 2, need);
  };

  if (two) {
    const days = [...pair.querySelectorAll(".side")].map((side) => side.dataset.day);
    const range = made("input", "", { type: "range", class: "line", min: 0, max: 100 });
    range.setAttribute("aria-label", t("a line between the dates") + ": " + days[0] + " | " + days[1]);
    const handle = made("div", "", { class: "handle" });
    handle.append(made("span", days[0], { class: "left" }), made("span", days[1], { class: "right" }));
    const place = (cut) => {
      range.value = cut;
      pair.style.setProperty("--cut", cut + "%");
      handle.querySelector(".left").hidden = cut < 1;
      handle.querySelector(".right").hidden = cut > 99;
    };
    const modes = {};
    const pick = (mode) => {
      clearInterval(blinking);
      for (const [name, node] of Object.entries(modes)) node.setAttribute("aria-pressed", name === mode);
      pair.classList.toggle("slider", mode !== "beside");
      pair.classList.toggle("still", mode !== "swipe");
      range.hidden = mode !== "swipe";
      handle.hidden = mode === "beside";
      place(mode === "swipe" ? pair.dataset.cut : mode === "first" ? 100 : 0);
      if (mode === "blink") {
        const turn = () => place(Number(range.value) ? 0 : 100);
        if (calm) turn();
        else blinking = setInterval(turn, 900);
      }
      handle.style.height = grounds[0].clientHeight + "px";
      handle.classList.toggle("edge", mode !== "swipe");
      drawScale();
    };
    modes.swipe = button(t("Swipe"), t("Swipe") + ": " + t("a line between the dates"), () => pick("swipe"));
    modes.blink = button(t("Blink"), t("Blink") + ": " + t("the dates in turn"), () => pick("blink"));
    modes.first = button(days[0], days[0] + " " + t("alone"), () => pick("first"));
    modes.last = button(days[1], days[1] + " " + t("alone"), () => pick("last"));
    modes.beside = button(t("Side by side"), t("Side by side"), () => pick("beside"));
    bar.append(range);
    range.addEventListener("input", () => place(range.value));
    handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = pair.getBoundingClientRect();
      place(Math.min(Math.max((100 * (event.clientX - box.left)) / box.width, 0), 100));
    });
    pair.append(handle);
    new ResizeObserver(() => {
      handle.style.height = grounds[0].clientHeight + "px";
      drawScale();
    }).observe(pair);
    pick("swipe");
  }

  button("+", "+ " + t("zoom in"), () => zoom(0.6));
  button("−", "− " + t("zoom out"), () => zoom(1 / 0.6));
  button(t("Whole"), t("Whole") + ": " + t("the whole picture"), () => look(0, 0, wide));
  if (pair.dataset.focus) button(t("Changes"), t("Changes") + ": " + t("zoom to them"), focus);
  const layer = (text, on, toggle) => {
    const label = made("label", "");
    const box = made("input", "", { type: "checkbox" });
    box.checked = on;
    box.addEventListener("change", () => toggle(box.checked));
    label.append(box, made("span", text));
    bar.append(label);
  };
  if (two) layer(t("changes"), true, (on) => pair.classList.toggle("hide-change", !on));
  layer(t(two ? "unchanged" : "found"), !two, (on) => pair.classList.toggle("show-same", on));
  layer(t("tracks"), false, (on) => pair.classList.toggle("show-track", on));
  pair.before(bar);

  const fingers = new Map();
  const at = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  for (const ground of grounds) {
    ground.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, at(event));
      if (view[2] < wide) ground.setPointerCapture(event.pointerId);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"])
      ground.addEventListener(end, (event) => fingers.delete(event.pointerId));
    ground.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const [u, v] = at(event);
      if (fingers.size === 2) {
        const [other] = [...fingers.entries()].filter(([id]) => id !== event.pointerId).map(([, p]) => p);
        const apart = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]) || 1e-3;
        zoom(apart(before) / apart([u, v]), (u + other[0]) / 2, (v + other[1]) / 2);
      } else if (view[2] < wide) {
        look(view[0] - (u - before[0]) * view[2], view[1] - (v - before[1]) * view[3], view[2]);
      }
      fingers.set(event.pointerId, [u, v]);
    });
    ground.addEventListener("dblclick", (event) => zoom(0.5, ...at(event)));
    ground.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !pair.contains(document.activeElement)) return;
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, ...at(event));
    }, { passive: false });
  }
  pair.addEventListener("keydown", (event) => {
    const step = view[2] / 8;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key in moves && view[2] < wide) look(view[0] + moves[event.key][0], view[1] + moves[event.key][1], view[2]);
    else if (event.key === "+" || event.key === "=") zoom(0.6);
    else if (event.key === "-") zoom(1 / 0.6);
    else if (event.key === "0") look(0, 0, wide);
    else return;
    event.preventDefault();
  });
  drawScale();
  if (pair.dataset.focus && innerWidth <= 720) focus();
}
const open = () => {
  const aimed = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  for (let node = aimed; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
};
addEventListener("hashchange", open);
open();
