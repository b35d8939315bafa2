// The way through the steps: play, pause, scrub, one step on or back, how fast; by mouse or by keyboard.

import { html, say, svg } from "./nodes.js";
import { grouped, upTo } from "./values.js";

const STEPS_A_SECOND = 10; // at speed 1
const WHOLE = 10; // seconds for the whole run
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16, "whole"];
const ICONS = { first: "M2,2v10M12,2v10l-8,-5z", back: "M11,2v10l-8,-5z", onward: "M3,2v10l8,-5z", last: "M12,2v10M2,2v10l8,-5z" };
const HELP = [["Space", "play or pause"], ["← →", "one step"], ["Shift ← →", "ten steps"], ["Home End", "first, last"], ["+ −", "speed"]];

/**
 * Mount a player: {node, go(step), play(), pause(), playing, step, show(steps, step), destroy()}.
 * @param options steps: the kept steps, rising; at(step): shows one; keys: the element whose keyboard is listened to
 *   (the page); help: whether it names the keys (true).
 */
export function mountPlayer(element, { steps, at, keys = document, help = true }) {
  const range = html("input", { type: "range", min: 0, step: 1, class: "ds-scrub", "aria-label": "Step", oninput: () => scrub() });
  const button = (label, name, onclick) => html("button", { type: "button", "aria-label": label, title: label, onclick }, icon(name));
  const play = html("button", { type: "button", class: "ds-play", onclick: () => (player.playing ? pause() : start()) }, "Play");
  const speed = html("select", { "aria-label": "Speed", onchange: () => restart() },
    ...SPEEDS.map((each) => html("option", { value: each, selected: each === "whole" }, each === "whole" ? `whole run in ${WHOLE} s` : `${each}×`)));
  const counter = html("output", { class: "ds-counter" });
  const buttons = [button("First step", "first", () => jump(0)), button("One step back", "back", () => jump(place - 1)), play,
    button("One step forward", "onward", () => jump(place + 1)), button("Last step", "last", () => jump(steps.length - 1))];
  const node = html("div", { class: "ds ds-player", role: "group", "aria-label": "Player" }, html("div", { class: "ds-buttons" }, ...buttons),
    range, counter, speed,
    help ? html("p", { class: "ds-help" }, ...HELP.flatMap(([key, what]) => [html("kbd", {}, key), ` ${what}  `])) : null);
  element.append(node);

  const player = { node, go, play: start, pause, playing: false, step: 0, show, destroy };
  let place = 0; // in `steps`
  let frame = 0;
  let begun = null; // when and where playing began

  function show(kept, step = kept[kept.length - 1]) {
    pause();
    steps = kept;
    range.max = Math.max(0, steps.length - 1);
    for (const control of [range, play, speed, ...buttons]) control.disabled = steps.length < 2;
    go(step);
  }

  function go(step) {
    put(Math.max(0, upTo(steps, step) - 1));
  }

  function put(next) {
    place = Math.max(0, Math.min(steps.length - 1, next));
    if (!steps.length) return;
    player.step = steps[place];
    range.value = place;
    const text = `step ${grouped(player.step)} of ${grouped(steps[steps.length - 1])}`;
    range.setAttribute("aria-valuetext", text);
    say(counter, text);
    at(player.step);
  }

  function scrub() {
    pause();
    put(Number(range.value));
  }

  function jump(next) {
    pause();
    put(next);
  }

  function start() {
    if (steps.length < 2) return;
    if (place >= steps.length - 1) put(0);
    player.playing = true;
    say(play, "Pause");
    restart();
  }

  function restart() {
    begun = null;
    cancelAnimationFrame(frame);
    if (player.playing) frame = requestAnimationFrame(onward);
  }

  function onward(now) {
    begun ??= { now, place };
    const rate = speed.value === "whole" ? steps.length / WHOLE : STEPS_A_SECOND * Number(speed.value);
    const next = begun.place + Math.floor(((now - begun.now) / 1000) * rate);
    if (next !== place) put(next);
    if (place >= steps.length - 1) pause();
    else frame = requestAnimationFrame(onward);
  }

  function pause() {
    player.playing = false;
    cancelAnimationFrame(frame);
    say(play, "Play");
  }

  function faster(by) {
    speed.selectedIndex = Math.max(0, Math.min(SPEEDS.length - 1, speed.selectedIndex + by));
    restart();
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTaken(event, range)) return;
    const ten = event.shiftKey ? 10 : 1;
    const does = {
      " ": () => (player.playing ? pause() : start()),
      ArrowRight: () => jump(place + ten), ArrowUp: () => jump(place + ten),
      ArrowLeft: () => jump(place - ten), ArrowDown: () => jump(place - ten),
      Home: () => jump(0), End: () => jump(steps.length - 1),
      "+": () => faster(1), "=": () => faster(1), "-": () => faster(-1), "−": () => faster(-1),
    }[event.key];
    // up and down scroll the page, unless the slider is in hand
    if (!does || (event.key.match(/Up|Down/) && event.target !== range)) return;
    event.preventDefault();
    does();
  }

  function destroy() {
    pause();
    keys.removeEventListener("keydown", onKey);
    node.remove();
  }

  keys.addEventListener("keydown", onKey);
  show(steps);
  return player;
}

function icon(name) {
  const shape = svg("path", { d: ICONS[name], fill: "currentColor", stroke: "currentColor", "stroke-width": 1.5, "stroke-linejoin": "round" });
  return svg("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" }, shape);
}

/** Whether a key belongs to what has the focus: a field, or a button that it would press. */
function isTaken({ target, key }, range) {
  if (target === range || !(target instanceof Element)) return false;
  if (target.closest("input, textarea, select, [contenteditable]")) return true;
  return (key === " " || key === "Enter") && target.closest("button, a, summary") !== null;
}
