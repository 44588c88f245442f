"use strict";
for (const pair of document.querySelectorAll(".pair[data-slider]")) {
  const bar = document.createElement("div");
  bar.className = "controls";
  const range = document.createElement("input");
  range.type = "range";
  range.min = 0;
  range.max = 100;
  range.value = 50;
  range.setAttribute("aria-label", "Position of the line between the earlier and the later picture");
  const toggle = document.createElement("button");
  toggle.type = "button";
  const before = document.createElement("span");
  before.textContent = "earlier";
  const after = document.createElement("span");
  after.textContent = "later";
  const place = () => pair.style.setProperty("--cut", range.value + "%");
  const show = (slider) => {
    pair.classList.toggle("slider", slider);
    bar.classList.toggle("on", slider);
    toggle.textContent = slider ? "Side by side" : "Slider";
  };
  range.addEventListener("input", place);
  toggle.addEventListener("click", () => show(!pair.classList.contains("slider")));
  bar.append(before, range, after, toggle);
  pair.before(bar);
  place();
  show(true);
}
