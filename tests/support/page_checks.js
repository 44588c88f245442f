const wrong = [];
const root = document.documentElement;
if (root.scrollWidth > innerWidth) wrong.push(`wider than the window: ${root.scrollWidth} of ${innerWidth}`);
if (!root.lang) wrong.push("no language");
if (document.querySelectorAll("main").length !== 1) wrong.push("not one main landmark");
if (document.querySelectorAll("h1").length !== 1) wrong.push("not one first heading");
let level = 0;
for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
  const own = Number(heading.tagName[1]);
  if (own > level + 1) wrong.push(`heading skips a level: ${heading.textContent}`);
  level = own;
}
for (const image of document.querySelectorAll("img")) if (!image.alt) wrong.push("a picture without words");
for (const drawing of document.querySelectorAll("svg[role=img]"))
  if (!drawing.getAttribute("aria-label")) wrong.push("a drawing without words");
for (const field of document.querySelectorAll("input, button"))
  if (!field.getAttribute("aria-label") && !field.labels?.length && !field.textContent) wrong.push("a control without words");
const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
if (new Set(ids).size < ids.length) wrong.push("an id stands twice");
const light = (text) => {
  const [r, g, b] = text.match(/[\d.]+/g).map(Number).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const paint = getComputedStyle(at).backgroundColor;
    if (!/^rgba\(.*, 0\)$/.test(paint) && paint !== "transparent") return paint;
  }
  return "rgb(255, 255, 255)";
};
const seen = new Set();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || seen.has(node) || !node.getClientRects().length) continue;
  seen.add(node);
  if (node.closest("svg, script, style, .frame, .handle")) continue;
  if (node.closest("thead")?.getBoundingClientRect().width <= 1) continue;
  const style = getComputedStyle(node);
  const [high, low] = [light(style.color), light(behind(node))].sort((a, b) => b - a);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
  if ((high + 0.05) / (low + 0.05) < (large ? 3 : 4.5)) wrong.push(`faint: ${node.textContent.trim().slice(0, 40)}`);
  if (node.closest("td, th") && parseFloat(style.fontSize)) {
    const range = document.createRange();
    const text = walker.currentNode.textContent;
    for (const { 0: word, index } of text.matchAll(/[A-Za-z]{2,18}/g)) {
      range.setStart(walker.currentNode, index);
      range.setEnd(walker.currentNode, index + word.length);
      const tops = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (tops.size > 1 && !node.closest("code, small, dd")) wrong.push(`broken inside: ${word}`);
    }
  }
}
return { wrong, high: root.scrollHeight };
