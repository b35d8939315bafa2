// The page of one run: a replay, which moves, or a report, whose words stand in the page and whose places for pictures
// (data-panel="loss") are filled here.

import { drawScene } from "./draw.js";
import { saveCsv } from "./download.js";
import { historyOf } from "./history.js";
import { html } from "./nodes.js";
import { mountPlayer } from "./player.js";
import { grouped } from "./values.js";
import { mountView, sizeIn } from "./view.js";

const view = JSON.parse(document.getElementById("view").textContent);
const printed = matchMedia("print");
/** What stands on the page, for who looks at it from outside: downslope.page.mounted and .player, or .pictures. */
export const page = document.body.dataset.kind === "report" ? report() : replay();
document.documentElement.dataset.ready = "yes";

function replay() {
  const place = document.getElementById("app");
  const mounted = mountView(place, view, { seek: (step) => player.go(step) });
  const controls = html("div", { class: "ds-controls" });
  place.querySelector(".ds-panels").before(controls);
  const player = mountPlayer(controls, { steps: mounted.steps, at: mounted.at });
  if (mounted.steps.length) {
    const { kept, of } = view.history;
    const name = `Save the steps as CSV${kept < of ? ` (${grouped(kept)} of ${grouped(of)} rows)` : ""}`;
    const download = html("button", { type: "button", onclick: () => saveCsv(historyOf(view)) }, name);
    player.node.append(html("p", { class: "ds-downloads" }, download));
  }
  let seen = player.step;
  addEventListener("beforeprint", () => {
    seen = player.step;
    player.go(mounted.last);
  });
  addEventListener("afterprint", () => player.go(seen));
  return { mounted, player };
}

function report() {
  const scenes = new Map(view.panels.map((scene) => [scene.name, scene]));
  const places = [...document.querySelectorAll("[data-panel]")].filter((place) => scenes.has(place.dataset.panel));
  const pictures = places.map((place) => {
    const picture = drawScene(scenes.get(place.dataset.panel), sizeIn(place));
    place.classList.add("ds", "ds-panel");
    place.replaceChildren(picture.node);
    return picture;
  });
  const fit = () => pictures.forEach((picture, i) => !printed.matches && picture.resize(sizeIn(places[i])));
  addEventListener("resize", fit);
  return { pictures };
}
