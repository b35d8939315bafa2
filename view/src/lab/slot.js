// A slot: one setting of the lab with its controls, its pictures and what was found. There is one, or two to compare.
import { html } from "../nodes.js";
import { Asking } from "./asking.js";
import { ByHand } from "./by_hand.js";
import { Controls } from "./controls.js";
import { Findings } from "./findings.js";
import { asked, changed, filledIn, rulerKey, tidy } from "./settings.js";
import { Stage } from "./stage.js";

const SLOW = 250; // ms after which waiting is shown
const KEPT = ["loss"]; // settings that outlive a change of data
const USUAL_STEPS = "200";
const ORDERED = { repair: "repairing…", export: "writing the file…" };
const REMEMBERED = 20; // questions whose settings are known, for answers that come later

export class Slot {
  #pending = null; // the newest answer that was not drawn yet
  #frame = 0;
  #slow = null;
  #play = false;
  #before = null; // settings before a repair
  #follows = null; // the question whose sample was shown, and whose rows follow
  #orders = []; // "repair" and "export" that are under way
  #lastSteps = USUAL_STEPS;
  #sent = new Map(); // seq -> settings that were asked, completed once they are answered

  constructor(app, name, settings) {
    this.app = app;
    this.name = name;
    const spoken = name.toUpperCase();
    this.settings = tidy(settings);
    this.asking = new Asking((wanted, seq) => this.#send(wanted, seq));
    const tell = (kind, more = {}) => app.transport.send({ kind, slot: name, ...more });
    const order = (what, more) => {
      if (!tell(what, more)) return;
      this.#orders.push(what);
      this.stage.work({ what: ORDERED[what] });
    };
    this.stage = new Stage(spoken, { onStop: () => tell("stop"), onExport: (what) => order("export", { what }) });
    this.hand = new ByHand();
    this.findings = new Findings(spoken, {
      onRepair: () => order("repair", { seq: this.asking.answered }),
      onUndo: () => this.#undo(),
      seek: (step) => this.stage.player?.go(step),
    });
    const acts = ["descend", "step", "more", "reset", "hand"];
    this.controls = new Controls(app, {
      act: Object.fromEntries(acts.map((each) => [each, () => this.act(each)])),
      onChange: (changes, sliding) => this.set(changes, { sliding }),
      onData: (data) => this.begin(data),
      check: (formula, seq) => tell("check", { seq, formula, data: this.settings.data, ...truthOf(this.settings) }),
      beside: { hand: this.hand.node, findings: this.findings.node },
    });
    this.title = html("h2", { hidden: true }, `Setting ${spoken}`);
    this.node = html(
      "section",
      { class: "lab-slot", "data-slot": name, "aria-label": `setting ${spoken}` },
      this.title,
      html("div", { class: "lab-columns" }, this.controls.node, this.stage.node),
    );
    this.show();
  }

  get player() {
    return this.stage.player;
  }

  /** Change settings, as a person does: asked for at once, seen in the address. */
  set(changes, { sliding = false, play = false } = {}) {
    this.#forgetRepair();
    this.#change(changed(this.settings, changes), { sliding, play });
  }

  /** New data: all that suited the old goes, and the server fills in what suits the new. */
  begin(data) {
    const kept = Object.entries(this.settings).filter(([name]) => KEPT.includes(name));
    this.#forgetRepair();
    this.controls.takeRuler(null, "");
    this.controls.blocks.made.open = data.data === "made";
    this.#change(tidy({ ...Object.fromEntries(kept), ...data }), { play: true });
  }

  /** Another link was opened in this page. */
  load(settings) {
    this.settings = tidy(settings);
    this.#forgetRepair();
    this.show();
    this.ask();
  }

  act(what) {
    const { steps = "0", by_hand: byHand } = this.settings;
    if (Number(steps) > 0) this.#lastSteps = steps;
    if (what === "descend") this.set({ by_hand: "", ...(steps === "0" && { steps: this.#lastSteps }) }, { play: true });
    if (what === "hand") this.set({ by_hand: byHand ? "" : "1" });
    if (this.controls.buttons[what].disabled) return;
    if (what === "step") this.set({ steps: String(Number(steps) + 1) });
    if (what === "more") this.set({ steps: String(Number(steps) + 200) });
    if (what === "reset") this.set({ steps: "0" });
  }

  ask({ play = false } = {}) {
    this.#play ||= play;
    this.asking.ask(asked(this.settings));
    this.#slow ??= setTimeout(() => this.asking.open && this.stage.work({}), SLOW);
  }

  /** Show the settings in the controls. */
  show() {
    this.controls.show(this.settings, this.app.otherOf(this)?.settings ?? null);
    this.title.hidden = !this.app.comparing;
    this.hand.node.hidden = !this.settings.by_hand;
  }

  receive(message) {
    const { kind, seq } = message;
    if (kind === "view") this.#takeView(message);
    else if (kind === "findings") this.#takeFindings(message);
    else if (kind === "ruler") this.#takeRuler(message);
    else if (kind === "progress" && this.#waits(seq)) this.stage.work(message);
    else if (kind === "error") this.#takeError(message);
    else if (kind === "repaired") this.#takeRepair(message);
    else if (kind === "done") this.#end(message.what);
  }

  /** The connection is gone: no answer will come. */
  lost() {
    this.asking.forget();
    this.#follows = null;
    this.#orders = [];
    this.#rest();
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    this.lost();
    this.stage.destroy();
    this.node.remove();
  }

  #change(settings, { sliding = false, play = false } = {}) {
    this.settings = settings;
    this.show();
    this.app.otherOf(this)?.show();
    this.app.keep(sliding);
    this.ask({ play });
  }

  #send(wanted, seq) {
    this.#sent.set(seq, this.settings);
    if (this.#sent.size > REMEMBERED) this.#sent.delete(this.#sent.keys().next().value);
    this.app.transport.send({ kind: "ask", slot: this.name, seq, settings: wanted });
  }

  /** Whether what runs for a question is still to be drawn. */
  #waits(seq) {
    return seq === this.#follows || (this.asking.open && seq === this.asking.sent);
  }

  #takeView(message) {
    const on = message.seq === this.#follows;
    if (!this.asking.take(message.seq) && !on) return;
    this.#follows = message.follows ? message.seq : null;
    message.on = on && !this.#pending;
    if (!this.asking.open) this.#rest();
    this.#sent.set(message.seq, filledIn(this.#sent.get(message.seq) ?? this.settings, message.settings));
    this.#pending = message;
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const { view, settings, seq, partial, follows, on } = this.#pending;
    this.#frame = 0;
    this.#pending = null;
    this.controls.starts.take(view.parameters);
    const newest = seq === this.asking.sent && !this.asking.open;
    if (newest) {
      this.settings = filledIn(this.settings, settings);
      this.controls.clear();
      this.app.keep(true);
    }
    this.show();
    this.app.otherOf(this)?.show();
    this.stage.fail("");
    this.stage.show(view, { play: this.#play && newest, on });
    this.#play &&= !newest;
    this.findings.show(this.settings.by_hand ? [] : (view.findings ?? []));
    if (this.settings.by_hand) this.hand.show(view, this.settings, Boolean(follows));
    if (partial && !follows) this.app.announce("Stopped; what was learned is kept.");
  }

  #takeFindings({ seq, findings = [], verdicts, state, state_text, reasons }) {
    const view = this.#pending?.view ?? this.stage.view;
    if (seq !== this.asking.answered || !view) return;
    const judged = { ...view, findings, verdicts, state, state_text, reasons };
    if (this.#pending) {
      this.#pending.view = judged;
      return;
    }
    this.stage.judge(judged);
    this.findings.show(this.settings.by_hand ? [] : findings);
    this.app.announce(findings.map(({ symptom, message }) => `${symptom}: ${message}`).join(" ") || (state_text ?? ""));
  }

  #takeRuler(message) {
    const of = this.#sent.get(message.seq);
    this.controls.takeRuler(message, of ? rulerKey(of) : "");
  }

  #takeError(message) {
    if (message.seq === this.#follows) this.#follows = null;
    if (!this.asking.take(message.seq ?? this.asking.answered)) return;
    if (!this.asking.open) this.#rest();
    this.#play = false;
    const { field, message: text } = message;
    const gone = field === "data" && this.settings.data?.startsWith("file:");
    const told = gone ? `${text} Drop the file on this page again, or choose other data.` : text;
    const placed = this.controls.blame({ ...message, message: told });
    this.stage.fail(placed && this.stage.view ? "The pictures are those of the last settings that worked." : told);
    this.app.announce(told);
  }

  #takeRepair(message) {
    if (message.seq !== this.asking.sent) return; // something else was set meanwhile
    const before = this.settings;
    this.#change(tidy(message.settings), { play: true });
    this.#before = before;
    this.findings.showRepair(message);
    this.findings.undo.focus();
    this.app.announce(`Repaired. ${message.reason ?? ""}`);
  }

  #undo() {
    const before = this.#before;
    this.#forgetRepair();
    if (before) this.#change(before);
    this.controls.buttons.descend.focus();
  }

  #forgetRepair() {
    this.#before = null;
    this.findings.showRepair(null);
  }

  /** Something that was waited for is over: a repair, an export, or, where they were stopped, all rows. */
  #end(what) {
    if (what === "rows") {
      this.#follows = null;
      this.app.announce("Stopped; the pictures are those of the sample.");
    } else {
      this.#orders.splice(this.#orders.indexOf(what), 1);
    }
    if (!this.asking.open) this.#rest();
  }

  #rest() {
    clearTimeout(this.#slow);
    this.#slow = null;
    const [order] = this.#orders;
    if (order) this.stage.work({ what: ORDERED[order] });
    else if (this.#follows === null) this.stage.rest();
    else this.stage.work({ what: "all rows follow…" });
  }
}

const truthOf = ({ truth }) => (truth === undefined ? {} : { truth });
