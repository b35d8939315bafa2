// Transport: messages to and from the server, over a WebSocket or over a notebook's widget. Both have the same face:
// {send(object, buffers), onMessage(f), onState(f), roomFor(bytes), close()}; states are "open" and "lost".

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8000;
const MOST_UNSENT = 4 << 20; // bytes of an upload that may wait in the browser

class Listeners {
  #all = { message: [], state: [] };
  onMessage(listener) {
    this.#all.message.push(listener);
  }
  onState(listener) {
    this.#all.state.push(listener);
  }
  tell(what, ...news) {
    for (const listener of this.#all[what]) listener(...news);
  }
}

/** Over a WebSocket of the page's own host; a lost connection is tried again, at growing intervals. */
export class SocketTransport extends Listeners {
  #socket = null;
  #wait = FIRST_WAIT;
  #timer = null;
  #expecting = null; // a file that was announced, and whose bytes come next
  #closed = false;

  constructor(address = socketAddress(window.location)) {
    super();
    this.address = address;
    window.addEventListener("online", () => this.retry());
    queueMicrotask(() => this.#connect());
  }

  /** True if the message went out; what is said to a lost connection is lost. */
  send(object, buffers = []) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(object));
    for (const buffer of buffers) this.#socket.send(buffer);
    return true;
  }

  /** Bytes of an upload alone. */
  sendBytes(bytes) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(bytes);
    return true;
  }

  /** Resolves once the browser holds few unsent bytes; false if the connection is lost. */
  async room() {
    while (this.#socket?.readyState === WebSocket.OPEN) {
      if (this.#socket.bufferedAmount < MOST_UNSENT) return true;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return false;
  }

  retry() {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #connect() {
    this.#timer = null;
    const socket = (this.#socket = new WebSocket(this.address));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#wait = FIRST_WAIT;
      this.tell("state", "open");
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => {
      if (this.#closed || socket !== this.#socket) return;
      this.#expecting = null;
      this.tell("state", "lost", this.#wait);
      this.#timer = setTimeout(() => this.#connect(), this.#wait);
      this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT);
    };
  }

  #receive(data) {
    if (typeof data !== "string") {
      if (this.#expecting) this.tell("message", this.#expecting, [data]);
      this.#expecting = null;
      return;
    }
    const message = JSON.parse(data);
    if (message.kind === "file" && message.base64 === undefined) this.#expecting = message;
    else this.tell("message", message, []);
  }
}

/** Over the model of a notebook's widget (anywidget): its connection is the notebook's. */
export class WidgetTransport extends Listeners {
  #model;
  #heard = (message, buffers = []) => this.tell("message", message, buffers);

  constructor(model) {
    super();
    this.#model = model;
    model.on("msg:custom", this.#heard);
    queueMicrotask(() => this.tell("state", "open"));
  }

  send(object, buffers = []) {
    this.#model.send(object, undefined, buffers);
    return true;
  }

  sendBytes(bytes) {
    this.#model.send({ kind: "chunk" }, undefined, [bytes]);
    return true;
  }

  async room() {
    await new Promise((resolve) => setTimeout(resolve, 0));
    return true;
  }

  retry() {}

  close() {
    this.#model.off("msg:custom", this.#heard);
  }
}

/** The socket beside the page; the page's query goes with it, for the token may be there. */
export const socketAddress = ({ protocol, host, search }) =>
  `${protocol === "https:" ? "wss" : "ws"}://${host}/ws${search}`;
