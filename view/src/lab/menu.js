// What can be taken away: replay, report, numbers, Python, the run itself; and how a file reaches the disk.
import { save } from "../download.js";
import { html, say } from "../nodes.js";
import { button } from "./dom.js";

const FILES = [
  ["replay", "Replay (HTML)", "One file that plays the descent again, offline"],
  ["report", "Report (HTML)", "One file with formula, numbers, findings and pictures; prints well"],
  ["csv", "Steps (CSV)", "Loss, rate, gradient and parameters at every kept step"],
  ["run", "Run (.downslope)", "The run itself, for downslope.load and downslope explain"],
];

export class ExportMenu {
  /** onExport(what), python(): the text that makes this fit again. */
  constructor({ onExport, python }) {
    const pick = (action) => () => {
      this.node.open = false;
      action();
    };
    const files = FILES.map(([what, text, hint]) =>
      button(
        text,
        hint,
        pick(() => onExport(what)),
        { "data-export": what },
      ),
    );
    this.code = html("code", {});
    this.copied = html("span", { role: "status" });
    const close = button("Close", "Back to the lab (Esc)", () => this.dialog.close());
    const copy = button("Copy", "Copy to the clipboard", () => this.#copy(), { class: "lab-main", "data-act": "copy" });
    this.text = html("pre", { tabindex: "0", role: "region", "aria-label": "Python" }, this.code);
    this.dialog = html(
      "dialog",
      { class: "lab-dialog", "aria-label": "The same fit in Python" },
      html("h2", {}, "The same fit in Python"),
      this.text,
      html("div", { class: "lab-row" }, copy, close, this.copied),
    );
    const showPython = () => {
      say(this.code, python());
      say(this.copied, "");
      this.dialog.showModal();
    };
    const shown = button("Python", "The lines that make this fit again", pick(showPython), { "data-export": "python" });
    this.summary = html("summary", { title: "Take it with you" }, "Export");
    this.node = html(
      "details",
      { class: "lab-menu", onkeydown: (event) => this.#key(event), onfocusout: (event) => this.#left(event) },
      this.summary,
      html("div", { class: "lab-menu-list" }, ...files, shown),
    );
  }

  #key(event) {
    if (event.key !== "Escape" || !this.node.open) return;
    this.node.open = false;
    this.summary.focus();
  }

  #left({ relatedTarget }) {
    if (relatedTarget && !this.node.contains(relatedTarget)) this.node.open = false;
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.code.textContent);
      say(this.copied, "copied");
    } catch {
      window.getSelection().selectAllChildren(this.code);
      say(this.copied, "selected: press Ctrl+C");
    }
  }
}

/** Hand a file to the reader. message: {name, type, base64?}, buffers: its bytes if they did not come as text. */
export function keepFile({ name, type, base64 }, [bytes]) {
  const content = base64 === undefined ? bytes : Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  save(new Blob([content], { type: type ?? "application/octet-stream" }), name);
}
