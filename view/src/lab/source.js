// Where the numbers come from: a sample, a file of one's own, or numbers made by a truth with noise.
import { html, say } from "../nodes.js";
import { button, freshId } from "./dom.js";
import { TextField } from "./fields.js";
import { Slider } from "./slider.js";

const CHUNK = 1 << 20;
const KINDS = ".csv,.tsv,.txt,.parquet,.pq";
const MADE_UP = "made";

export class Source {
  #uploading = 0; // counts uploads, so that one that was given up stops

  /** app: {hello, files, transport}; onData(settings): a new beginning; onMade(changes, sliding). */
  constructor(app, { onData, onMade }) {
    this.app = app;
    this.onData = onData;
    this.onMade = onMade;
    const [selectId, hintId, errorId] = ["data", "hint", "error"].map(freshId);
    const hint =
      "A sample, a CSV or Parquet file of your own (it stays on this machine), or numbers made by a formula.";
    this.select = html("select", {
      id: selectId,
      "data-setting": "data",
      "aria-describedby": `${hintId} ${errorId}`,
      onchange: () => this.#chosen(),
    });
    this.input = html("input", {
      type: "file",
      accept: KINDS,
      class: "lab-unseen",
      tabindex: "-1",
      "aria-label": "CSV or Parquet file",
      onchange: () => this.input.files.length && this.upload(this.input.files[0]),
    });
    this.open = button("Open a file…", "CSV or Parquet, with names in the first row", () => this.input.click());
    this.about = html("p", { class: "lab-about" });
    this.fault = html("p", { class: "lab-error", id: errorId, hidden: true });
    this.progress = html("progress", { max: 1, value: 0, "aria-label": "upload" });
    this.progressText = html("span", {});
    this.giveUp = button("Cancel", "Stop the upload", () => this.#stop());
    this.uploading = html("div", { class: "lab-row", hidden: true }, this.progress, this.progressText, this.giveUp);
    this.made = this.#madeFields();
    this.node = html(
      "div",
      { class: "lab-field lab-source", "data-field": "data" },
      html("label", { for: selectId, title: hint }, "Data"),
      html("div", { class: "lab-row" }, this.select, this.open, this.input),
      this.uploading,
      this.fault,
      this.about,
      html("p", { class: "lab-hint", id: hintId }, hint),
      this.made.node,
    );
  }

  show(settings) {
    this.#fill(settings.data);
    const known = this.#known(settings.data);
    say(this.about, known?.about ?? "");
    for (const [name, field] of Object.entries(this.made.fields)) {
      field.node.hidden = !(name in settings); // what the server does not fill in cannot be set for these data
      field.show(settings[name]);
    }
  }

  /** How many rows the data have; none if that is not known. */
  rowsOf({ data, n }) {
    return Number(n) || this.#known(data)?.rows || 0;
  }

  /** Say what is wrong with the data, or with "" that nothing is. */
  blame(text) {
    say(this.fault, text);
    this.fault.hidden = text === "";
    if (text) this.select.setAttribute("aria-invalid", "true");
    else this.select.removeAttribute("aria-invalid");
    if (text) this.#stop();
  }

  /** Send a file, piece by piece. The answer is a message "data" or an error. */
  async upload(file) {
    this.input.value = "";
    const most = this.app.hello?.limits?.upload_bytes ?? Infinity;
    if (file.size > most) {
      return this.blame(
        `${file.name} has ${megabytes(file.size)}; the lab takes up to ${megabytes(most)}. ` +
          "Larger files: downslope fit, on the command line",
      );
    }
    if (file.size === 0) return this.blame(`${file.name} is empty`);
    this.blame("");
    const mine = ++this.#uploading;
    const { transport } = this.app;
    this.app.uploader = this;
    this.uploading.hidden = false;
    this.#progress(file, 0);
    let going = transport.send({ kind: "upload", name: file.name, size: file.size });
    for (let start = 0; going && start < file.size && mine === this.#uploading; start += CHUNK) {
      const bytes = await file
        .slice(start, start + CHUNK)
        .arrayBuffer()
        .catch(() => null);
      if (bytes === null) return this.blame(`${file.name} could not be read`);
      going = mine !== this.#uploading || ((await transport.room()) && transport.sendBytes(bytes));
      this.#progress(file, Math.min(file.size, start + CHUNK));
    }
    if (!going) this.blame("The connection was lost while the file was sent; drop it again once it is back");
  }

  /** The file was read: {data, name, rows, columns, notes, formula}. */
  arrived(file) {
    this.#stop();
    this.blame("");
    const settings = { data: file.data };
    if (file.formula) settings.formula = file.formula;
    this.onData(settings);
  }

  #stop() {
    this.#uploading++;
    this.uploading.hidden = true;
  }

  #progress(file, sent) {
    this.progress.value = sent / file.size;
    const done = sent >= file.size;
    say(this.progressText, done ? `reading ${file.name}…` : `${file.name}: ${Math.floor((100 * sent) / file.size)} %`);
  }

  #chosen() {
    this.blame("");
    const data = this.select.value;
    this.onData(data === MADE_UP ? { data, ...this.app.hello?.made } : { data });
  }

  #known(data) {
    const file = this.app.files.get(data);
    if (file)
      return {
        name: file.name,
        rows: file.rows,
        about: [`${count(file.rows)} rows: ${file.columns.join(", ")}`, ...(file.notes ?? [])].join(". "),
      };
    if (data === MADE_UP)
      return { name: "numbers you make", about: "Numbers made by a truth with noise; can the fit find it again?" };
    return this.app.hello?.samples?.find(({ name }) => name === data);
  }

  /** The choices; what is set is among them, known or not. */
  #fill(data) {
    const samples = this.app.hello?.samples ?? [];
    const choices = samples.filter(({ name }) => name !== MADE_UP).map(({ name }) => [name, name]);
    for (const [name, file] of this.app.files) choices.push([name, file.name]);
    choices.push([MADE_UP, "numbers you make"]);
    if (data && !choices.some(([name]) => name === data)) choices.push([data, `${data} (not here)`]);
    const key = JSON.stringify(choices);
    if (key !== this.filled) {
      this.filled = key;
      this.select.replaceChildren(...choices.map(([value, text]) => html("option", { value }, text)));
    }
    if (data && this.select.value !== data) this.select.value = data;
  }

  #madeFields() {
    const slider = (name, label, hint, scale, low, high) =>
      new Slider({
        name,
        label,
        hint,
        scale,
        low,
        high,
        onValue: (text, sliding) => this.onMade({ [name]: text }, sliding),
      });
    const fields = {
      truth: new TextField("truth", "Truth", "The formula with its numbers, such as y = 2*x + 1", (text) =>
        this.onMade({ truth: text }, false),
      ),
      n: slider("n", "Rows", "How many rows to make", "whole", 2, 100000),
      noise: slider("noise", "Noise", "Standard deviation of what is added to y", "linear", 0, 3),
      seed_data: slider("seed_data", "Seed of the data", "Another seed draws other numbers", "few", 0, 100),
    };
    const nodes = Object.values(fields).map((field) => field.node);
    return { fields, node: html("div", { class: "lab-made" }, ...nodes) };
  }
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
const count = (rows) => Number(rows).toLocaleString("en");

/** The whole page takes dropped files; place(event) -> the Source that is to have them. Returns what ends it. */
export function takeDrops(page, sheet, place) {
  let depth = 0;
  const holds = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const cover = (shown) => (sheet.hidden = !shown);
  const listeners = {
    dragenter: (event) => {
      if (!holds(event)) return;
      event.preventDefault();
      depth++;
      cover(true);
    },
    dragover: (event) => holds(event) && event.preventDefault(),
    dragleave: (event) => {
      if (holds(event) && --depth <= 0) cover(false);
    },
    drop: (event) => {
      if (!holds(event)) return;
      event.preventDefault();
      depth = 0;
      cover(false);
      const [file, more] = event.dataTransfer.files;
      const source = place(event);
      if (more) source.blame("One file at a time, please");
      else if (file) source.upload(file);
    },
  };
  for (const [name, listener] of Object.entries(listeners)) page.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) page.removeEventListener(name, listener);
  };
}
