// A lab played by its own page: it stands in the place of the WebSocket. See fake_lab.py.
(() => {
  const f8 = (values) => {
    const bytes = new Uint8Array(Float64Array.from(values).buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return { f8: btoa(text) };
  };
  const axis = (label, low, high, scale = "linear") => ({ label, low, high, scale, ticks: [], power: 0 });
  const xs = Array.from({ length: 50 }, (_, i) => i / 49);
  const ys = xs.map((x, i) => 0.1 * x + 0.5 + 0.01 * Math.sin(7 * i));

  // gradient descent on y = w*x + b
  const descend = ({ w, b, rate, steps }) => {
    const rows = [];
    for (let k = 0; k <= steps; k++) {
      let [loss, gw, gb] = [0, 0, 0];
      xs.forEach((x, i) => {
        const r = w * x + b - ys[i];
        loss += (r * r) / xs.length;
        gw += (2 * r * x) / xs.length;
        gb += (2 * r) / xs.length;
      });
      rows.push({ step: k, loss, w, b, gradient: Math.hypot(gw, gb) });
      if (!(loss < 1e30)) break;
      w -= rate * gw;
      b -= rate * gb;
    }
    return rows;
  };

  const lab = (window.lab = {
    heard: [],
    sockets: [],
    hold: false,
    held: [],
    gone: new Set(),
    column: "x",
    delay: 0,
    refuse: false,
  });
  const SAMPLES = [
    { name: "line", formula: "y = w*x + b", about: "100 noisy rows", columns: ["x", "y"], rows: 100, made: true },
    {
      name: "thermometer",
      formula: "celsius = w*unknown + b",
      about: "eleven readings",
      columns: ["celsius", "unknown"],
      rows: 11,
      made: false,
    },
  ];
  const USUAL = {
    data: "line",
    formula: "y = w*x + b",
    loss: "mse",
    optimizer: "gd",
    learning_rate: 0.1,
    steps: 200,
    seed: 0,
    scale: "none",
    "start.w": 0,
    "start.b": -1,
    n: 100,
    noise: 0.01,
    seed_data: 0,
  };
  const filled = (settings) => ({
    ...USUAL,
    ...(settings.data === "thermometer" && { formula: "celsius = w*unknown + b" }),
    ...settings,
  });
  const DIVERGES = 1.5;

  lab.view = (settings) => {
    const asked = filled(settings);
    const rows = descend({
      w: asked["start.w"],
      b: asked["start.b"],
      rate: asked.learning_rate,
      steps: asked.steps,
    });
    const last = rows.at(-1);
    const column = (name) => rows.map((row) => row[name]);
    const kept = column("step");
    const losses = column("loss").map((loss) => Math.max(loss, 1e-12));
    const wrong = asked.learning_rate > DIVERGES;
    const ends = [Math.min(...losses) / 2, Math.max(...losses) * 2 + 1e-9];
    const finite = (value) => (Math.abs(value) < 1e6 ? value : Math.sign(value) * 1e6);
    return {
      kind: "view",
      version: 1,
      title: asked.formula,
      model: asked.formula,
      mathml: null,
      source: asked.data,
      rows: 50,
      state: wrong ? "untrusted" : "usable",
      state_text: wrong ? "it diverged" : "finite, improved",
      reasons: [],
      parameters: ["w", "b"].map((name) => ({
        name,
        value: last[name],
        error: null,
        start: asked[`start.${name}`],
        truth: null,
        text: last[name].toPrecision(4),
      })),
      loss: { name: asked.loss, value: last.loss, text: last.loss.toPrecision(4) },
      panels: [
        {
          name: "fitted",
          title: `Data and fit: ${lab.column}`,
          x: axis(lab.column, 0, 1),
          y: axis("y", -1.1, 1.1),
          notes: [],
          marks: [
            { kind: "points", role: "data", name: "data", x: f8(xs), y: f8(ys) },
            {
              kind: "curves",
              role: "fit",
              name: "fit",
              x: f8([0, 1]),
              step: f8(kept),
              y: { ...f8(rows.flatMap(({ w, b }) => [finite(b), finite(w + b)])), shape: [rows.length, 2] },
            },
          ],
        },
        {
          name: "loss",
          title: "Loss at each step",
          x: axis("step", 0, Math.max(1, asked.steps)),
          y: axis("loss", ...ends, "log"),
          notes: [],
          marks: [
            { kind: "line", role: "path", name: "loss", x: f8(kept), y: f8(losses), step: f8(kept) },
            { kind: "points", role: "end", name: "now", x: f8(kept), y: f8(losses), step: f8(kept) },
          ],
        },
      ],
      history: {
        columns: {
          step: f8(kept),
          loss: f8(column("loss")),
          gradient_norm: f8(column("gradient")),
          params: { w: f8(column("w")), b: f8(column("b")) },
        },
        kept: kept.length,
        of: asked.steps,
      },
      last: last.step,
      verdicts: [{ step: 0, tone: wrong ? "fault" : "plain", text: wrong ? "the loss grows." : "the loss falls." }],
      findings: wrong
        ? [
            {
              symptom: "diverging",
              severity: "fault",
              first_step: 1,
              message: `the rate ${asked.learning_rate} is above the limit`,
              remedy: "learning_rate=0.5",
            },
          ]
        : [],
      notes: [],
      python: `fit = ds.fit(${JSON.stringify(asked.formula)}, data, steps=${asked.steps})`,
    };
  };
  const answers = {
    hello: () => [
      {
        kind: "hello",
        version: "0",
        samples: SAMPLES,
        losses: ["mse", "mae", "huber(1)"],
        settings: USUAL,
        searches: ["auto"],
        ruler_free: ["learning_rate", "steps", "start"],
        made: { truth: "y = 2*x + 1", n: 100, noise: 0.5, seed_data: 0 },
        optimizers: ["auto", "gd", "momentum(0.9)", "nesterov(0.9)", "adam"],
        limits: { upload_bytes: 3000000, rows: 1000, steps: 100000 },
      },
    ],
    ask: ({ slot, seq, settings }) => {
      if (lab.gone.has(settings.data))
        return [{ kind: "error", slot, seq, field: "data", message: "this file is not here." }];
      if (/\?/.test(settings.formula ?? ""))
        return [
          {
            kind: "error",
            slot,
            seq,
            field: "formula",
            message: "? is no operator",
            start: settings.formula.indexOf("?"),
            end: settings.formula.indexOf("?") + 1,
          },
        ];
      const ruler = {
        kind: "ruler",
        slot,
        seq,
        low: 1e-4,
        high: 10,
        limit: 1.5,
        fastest: 0.9,
        words: "Above 1.5 the loss grows; 0.9 is the fastest.",
        zones: [
          ["stalls", 1e-4, 1e-3],
          ["learns", 1e-3, 0.8],
          ["overshoots", 0.8, 1.2],
          ["bounces", 1.2, 1.5],
          ["diverges", 1.5, 10],
        ].map(([outcome, from, to]) => ({ from, to, outcome })),
      };
      const view = lab.view(settings);
      return [{ kind: "view", slot, seq, view, settings: filled(settings), ms: 1, partial: false }, ruler];
    },
    check: ({ seq, formula }) => {
      const at = formula.indexOf("?");
      return [
        {
          kind: "checked",
          seq,
          parameters: ["w", "b"],
          columns: ["x", "y"],
          error: at < 0 ? null : { message: "? is no operator", start: at, end: at + 1 },
        },
      ];
    },
    repair: ({ slot, seq }) => [
      {
        kind: "repaired",
        slot,
        seq,
        changes: [{ name: "learning_rate", before: 3, after: 0.5 }],
        reason: "half of the limit",
        settings: { ...lab.heard.findLast(({ kind }) => kind === "ask").settings, learning_rate: 0.5 },
        python: `fit = fit.again(learning_rate=0.5)  # ${"a long line ".repeat(20)}`,
      },
      { kind: "done", slot, what: "repair" },
    ],
    upload: () => [],
    export: ({ slot, what }) => [
      { kind: "file", name: `run.${what}`, type: "text/plain", base64: btoa("taken") },
      { kind: "done", slot, what: "export" },
    ],
    stop: () => [],
  };
  lab.answers = answers;
  window.WebSocket = class FakeSocket {
    static OPEN = 1;
    constructor(address) {
      Object.assign(this, { address, readyState: 0, bufferedAmount: 0 });
      lab.sockets.push(this);
      setTimeout(() => {
        if (lab.refuse) return this.close();
        this.readyState = 1;
        this.onopen();
      }, 0);
    }
    send(data) {
      if (typeof data !== "string") return lab.heard.push({ kind: "bytes", size: data.byteLength });
      const message = JSON.parse(data);
      lab.heard.push(message);
      const answer = () => (answers[message.kind] ?? (() => []))(message).forEach((each) => this.say(each));
      if (lab.hold && message.kind === "ask") lab.held.push(answer);
      else setTimeout(answer, lab.delay);
    }
    say(message) {
      if (this.readyState === 1) this.onmessage({ data: JSON.stringify(message) });
    }
    close() {
      this.readyState = 3;
      this.onclose?.();
    }
  };
  lab.cut = () => lab.sockets.at(-1).close();
  lab.say = (message) => lab.sockets.at(-1).say(message);
  lab.release = () => lab.held.splice(0).forEach((answer) => answer());
  lab.asks = (slot = "a") => lab.heard.filter((each) => each.kind === "ask" && each.slot === slot);
})();
