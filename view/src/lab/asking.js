// Asking: of all that a slider passes over, only the newest value is asked for, one question at a time.

/** How long a question may stay open before a newer one is sent all the same; the server drops the older. */
export const PATIENCE = 250;

export class Asking {
  #send;
  #open = null; // the number of the question that has no answer yet
  #waiting = null; // the newest settings that were not yet sent
  #timer = null;

  /** send: (settings, seq) -> nothing */
  constructor(send) {
    this.#send = send;
    this.sent = 0;
    this.answered = 0;
  }

  /** Whether an answer is still to come. */
  get open() {
    return this.#open !== null || this.#waiting !== null;
  }

  ask(settings) {
    this.#waiting = settings;
    if (this.#open === null) this.#next();
    else this.#timer ??= setTimeout(() => this.#next(), PATIENCE);
  }

  /** An answer came: true unless a newer one was taken before. */
  take(seq) {
    const fresh = seq >= this.answered;
    if (fresh) this.answered = seq;
    if (seq === this.#open) {
      this.#open = null;
      if (this.#waiting !== null) this.#next();
    }
    return fresh;
  }

  /** The connection was lost: what was open will never be answered. */
  forget() {
    clearTimeout(this.#timer);
    this.#timer = this.#open = this.#waiting = null;
  }

  #next() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const settings = this.#waiting;
    if (settings === null) return;
    this.#waiting = null;
    this.#open = ++this.sent;
    this.#send(settings, this.#open);
  }
}
