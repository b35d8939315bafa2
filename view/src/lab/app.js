// The lab: its slots, its address, its connection; who hears which message.
import { html, say } from "../nodes.js";
import { button, settled, throttled } from "./dom.js";
import { Help, shortcut } from "./help.js";
import { keepFile } from "./menu.js";
import { asked, fragment, fromFragment, learn } from "./settings.js";
import { Slot } from "./slot.js";
import { takeDrops } from "./source.js";

const ADDRESS_WAIT = 400; // ms between two changes of the address: browsers refuse more than a few in a second
const QUIET = 700; // ms without news before a screen reader is told
const NARROW = "(max-width: 760px)";

const ACTS = { d: "descend", s: "step", c: "more", r: "reset", h: "hand" };

export class App {
  hello = null;
  files = new Map();
  uploader = null;
  slots = { a: null, b: null };
  #ends = [];

  /** root: an element; transport: see transport.js; address: whether the page's address holds the settings. */
  constructor(root, transport, { address = true } = {}) {
    this.root = root;
    this.transport = transport;
    this.address = address;
    // the cookie has the token by now, and the transport the address: what a reader copies shall not
    if (address && location.search) history.replaceState(null, "", `${location.pathname}${location.hash}`);
    this.wanted = address ? fromFragment(location.hash) : { a: {}, b: null };
    this.help = new Help();
    this.live = html("p", { class: "lab-unseen", role: "status" });
    this.banner = html("div", { class: "lab-banner", role: "status", hidden: true });
    this.sheet = html(
      "div",
      { class: "lab-drop", hidden: true },
      html("p", {}, "Drop a CSV or Parquet file: it stays on this machine"),
    );
    this.compareButton = button("Compare", "Two settings side by side (b)", () => this.compare(!this.comparing), {
      "data-act": "compare",
      "aria-pressed": "false",
    });
    const heading = html(
      "header",
      { class: "lab-header" },
      html(
        "div",
        {},
        html("h1", {}, "downslope lab"),
        html(
          "p",
          { class: "lab-invitation" },
          "Watch a line learn its data, step by step. Then drop a CSV of your own anywhere on this page.",
        ),
      ),
      html(
        "div",
        { class: "lab-row" },
        this.compareButton,
        button("Help", "What is what, and the keys (?)", () => this.help.node.showModal(), { "data-act": "help" }),
      ),
    );
    this.rows = html("div", { class: "lab-slots" });
    root.classList.add("ds", "lab");
    if (address) document.body.classList.add("ds-page");
    root.replaceChildren(heading, this.banner, this.rows, this.sheet, this.live, this.help.node);
    this.announce = settled(QUIET, (text) => say(this.live, text.trim()));
    this.replace = throttled(ADDRESS_WAIT, () => this.#replace());
    this.#listen();
  }

  get comparing() {
    return this.slots.b !== null;
  }

  otherOf(slot) {
    return slot.name === "a" ? this.slots.b : this.slots.a;
  }

  get open() {
    return [this.slots.a, this.slots.b].filter((slot) => slot !== null);
  }

  /** Settings changed: the address follows, with a way back unless a slider is moving. */
  keep(sliding) {
    if (!this.address) return;
    if (sliding) return this.replace();
    const text = `#${this.#fragment()}`;
    if (text !== location.hash) history.pushState(null, "", text);
  }

  compare(on) {
    if (on === this.comparing || !this.slots.a) return;
    this.#setSecond(on ? this.slots.a.settings : null);
    this.keep(false);
  }

  destroy() {
    for (const end of this.#ends) end();
    for (const slot of this.open) slot.destroy();
    this.transport.close();
    this.root.replaceChildren();
  }

  #listen() {
    const { transport } = this;
    transport.onState((state, wait) => (state === "open" ? this.#opened() : this.#lost(wait)));
    transport.onMessage((message, buffers) => this.#receive(message, buffers));
    const on = (target, name, listener) => {
      target.addEventListener(name, listener);
      this.#ends.push(() => target.removeEventListener(name, listener));
    };
    on(this.address ? document : this.root, "keydown", (event) => this.#key(event));
    if (this.address) on(window, "popstate", () => this.#load(fromFragment(location.hash)));
    const place = (event) => this.open.find((slot) => slot.node.contains(event.target)) ?? this.slots.a;
    const source = (event) => place(event).controls.source;
    this.#ends.push(takeDrops(this.address ? document : this.root, this.sheet, source));
  }

  #opened() {
    this.banner.hidden = true;
    this.transport.send({ kind: "hello", settings: asked(this.slots.a?.settings ?? this.wanted.a) });
  }

  #lost(wait) {
    for (const slot of this.open) slot.lost();
    const seconds = Math.max(1, Math.round(wait / 1000));
    const again = button("Try now", "Connect at once", () => this.transport.retry());
    this.banner.hidden = false;
    const text = this.hello
      ? "The connection to downslope is lost. Your settings and pictures stay; " +
        `trying again in ${seconds} s. If it has ended, start it again and open the address that it prints.`
      : `No connection to downslope yet; trying again in ${seconds} s.`;
    this.banner.replaceChildren(html("p", {}, text), again);
  }

  #receive(message, buffers) {
    const { kind } = message;
    if (kind === "hello") this.#greeted(message);
    else if (kind === "file") keepFile(message, buffers);
    else if (kind === "data") this.#arrived(message);
    else if (kind === "checked") this.open.forEach((slot) => slot.controls.formula.checked(message));
    else if (kind === "error" && !message.slot) this.#failed(message);
    else this.slots[message.slot]?.receive(message, buffers);
  }

  #greeted(hello) {
    const first = this.hello === null;
    this.hello = hello;
    learn(hello);
    if (hello.file) this.files.set(hello.file.data, hello.file);
    if (first) {
      const fresh = Object.keys(this.wanted.a).length === 0;
      this.#make("a", fresh ? hello.settings : this.wanted.a);
      this.#fold();
      if (this.wanted.b) this.#setSecond(this.wanted.b, false);
      for (const slot of this.open) slot.ask({ play: fresh });
    } else {
      for (const slot of this.open) {
        slot.show();
        slot.ask();
      }
    }
  }

  #arrived(file) {
    this.files.set(file.data, file);
    const source = this.uploader;
    this.uploader = null;
    if (source) source.arrived(file);
    else for (const slot of this.open) slot.show();
  }

  #failed(message) {
    const source = this.uploader ?? this.slots.a?.controls.source;
    if (this.uploader || message.field === "data") source?.blame(message.message);
    else this.slots.a?.receive({ ...message, slot: "a" });
    this.uploader = null;
    this.announce(message.message);
  }

  #make(name, settings) {
    const slot = new Slot(this, name, settings);
    this.slots[name] = slot;
    this.rows.append(slot.node);
    return slot;
  }

  #setSecond(settings, ask = true) {
    this.slots.b?.destroy();
    this.slots.b = null;
    if (settings) {
      this.#make("b", settings);
      if (ask) this.slots.b.ask();
    }
    this.root.classList.toggle("lab-comparing", this.comparing);
    this.#fold();
    this.compareButton.setAttribute("aria-pressed", String(this.comparing));
    say(this.compareButton, this.comparing ? "Close B" : "Compare");
    this.slots.a.show();
    this.slots.b?.show();
  }

  #load({ a, b }) {
    if (!this.slots.a) return;
    this.slots.a.load(Object.keys(a).length ? a : (this.hello?.settings ?? {}));
    if (b && this.slots.b) this.slots.b.load(b);
    else if (b || this.slots.b) this.#setSecond(b);
  }

  /** On a narrow screen, and with two settings side by side, the longer blocks of controls begin closed. */
  #fold() {
    const folded = this.comparing || matchMedia(NARROW).matches;
    for (const slot of this.open) slot.controls.fold(folded);
  }

  #fragment() {
    return fragment({ a: this.slots.a.settings, b: this.slots.b?.settings ?? null });
  }

  #replace() {
    if (!this.slots.a) return;
    const text = `#${this.#fragment()}`;
    if (text !== location.hash) history.replaceState(null, "", text);
  }

  #key(event) {
    const key = shortcut(event, this.help);
    if (key === "?") this.help.node.showModal();
    else if (key === "b") this.compare(!this.comparing);
    else if (key in ACTS) {
      const slot = this.open.find(({ node }) => node.contains(event.target)) ?? this.slots.a;
      slot?.act(ACTS[key]);
    } else if (key === " " && event.target === document.body) {
      const player = this.slots.a?.player;
      if (player?.playing) player.pause();
      else player?.play();
    } else {
      return;
    }
    event.preventDefault();
  }
}
