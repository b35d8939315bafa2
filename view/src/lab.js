// Entry of the lab and of the notebook's widget: the app, or one picture that somebody made, where it is to stand.
import { App } from "./lab/app.js";
import { SocketTransport, WidgetTransport } from "./lab/transport.js";
import { html } from "./nodes.js";
import { mountPlayer } from "./player.js";
import { mountView } from "./view.js";

/** anywidget's door. The model's "kind" says what to show: "view", the pictures of one fit, or "lab". */
function render({ model, el }) {
  if (model.get("kind") === "lab") {
    const app = new App(el, new WidgetTransport(model), { address: false });
    return () => app.destroy();
  }
  const mounted = mountView(el, model.get("view"), { seek: (step) => player.go(step) });
  const controls = html("div", { class: "ds-controls" });
  el.querySelector(".ds-panels").before(controls);
  const player = mountPlayer(controls, { steps: mounted.steps, at: mounted.at, keys: el, help: false });
  const changed = () => {
    mounted.show(model.get("view"));
    player.show(mounted.steps);
  };
  model.on("change:view", changed);
  return () => {
    model.off("change:view", changed);
    player.destroy();
    mounted.destroy();
  };
}

const page = document.querySelector('main[data-kind="lab"]');
if (page) new App(page, new SocketTransport());

export default { render };
