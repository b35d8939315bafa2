// Builds what pages need into src/downslope/pictures/assets: programs, style sheets, licences. The same sources give the
// same bytes. `node build.mjs --check` builds apart and compares with what is there.

import { build, transform } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const ASSETS = join(HERE, "..", "src", "downslope", "pictures", "assets");
const LARGEST = 48 * 1024; // bytes of replay.js: a replay is a file that one can mail

const made = await everything();
if (process.argv.includes("--check")) check();
else write();

/** Name -> text of each file. */
async function everything() {
  const files = new Map();
  const inputs = new Set();
  for (const [name, format] of [["replay", "iife"], ["lab", "esm"]]) {
    const entry = `src/${name}.js`;
    if (!existsSync(join(HERE, entry))) continue;
    const { outputFiles, metafile } = await build({
      absWorkingDir: HERE, entryPoints: [entry], bundle: true, minify: true, format, globalName: format === "iife" ? "downslope" : undefined, target: "es2022", charset: "utf8",
      legalComments: "none", metafile: true, write: false, logLevel: "warning",
    });
    const program = notice(packagesOf(Object.keys(metafile.inputs))) + outputFiles[0].text;
    // inside a page the text of a program must not end it
    files.set(`${name}.js`, program.replace(/<\/script/gi, "<\\/script"));
    for (const input of Object.keys(metafile.inputs)) inputs.add(input);
  }
  for (const name of ["view", "lab"]) {
    const source = join(HERE, `${name}.css`);
    if (!existsSync(source)) continue;
    const { code } = await transform(readFileSync(source, "utf8"), { loader: "css", minify: true, target: "es2022" });
    files.set(`${name}.css`, code);
  }
  files.set("LICENSES.txt", licences(packagesOf([...inputs])));
  const size = Buffer.byteLength(files.get("replay.js"));
  if (size > LARGEST) throw new Error(`replay.js has ${size} bytes, more than ${LARGEST}`);
  return files;
}

/** The packages that these files are of, by name: [{name, version, license, text}]. */
function packagesOf(inputs) {
  const folders = new Map();
  for (const input of inputs) {
    const found = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input);
    if (found) folders.set(found[2], join(HERE, found[1]));
  }
  return [...folders].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, folder]) => {
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    if (!file) throw new Error(`${name} holds no text of its licence, which has to travel with it`);
    return { name, version, license, text: readFileSync(join(folder, file), "utf8").trim() };
  });
}

/** What a program says of the packages in it: their copyright and terms travel with each page that holds it. */
function notice(packages) {
  const terms = new Map(); // terms -> the packages that come under them
  for (const { name, version, license, text } of packages) {
    const [, copyright, rest] = /^(Copyright [^\n]+)\n+([^]+)$/.exec(text) ?? [null, "", text];
    const same = rest.replace(/\s+/g, " ");
    terms.set(same, [...(terms.get(same) ?? []), `${name} ${version} (${license}). ${copyright}`.trim()]);
  }
  const parts = [...terms].map(([text, names]) => `${names.join("\n")}\n${text}`);
  if (parts.join().includes("*/")) throw new Error("a licence would end the comment that it stands in");
  return packages.length ? `/*! This program holds parts of:\n${parts.join("\n\n")}\n*/\n` : "";
}

/** The licences of the packages that the bundles hold, as a file. */
function licences(packages) {
  const parts = packages.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}\n`);
  return `The programs beside this file hold parts of these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

function write() {
  mkdirSync(ASSETS, { recursive: true });
  for (const [name, text] of made) {
    writeFileSync(join(ASSETS, name), text);
    console.log(`${name}: ${Buffer.byteLength(text)} bytes`);
  }
}

function check() {
  const other = [...made].filter(([name, text]) => !existsSync(join(ASSETS, name)) || readFileSync(join(ASSETS, name), "utf8") !== text);
  if (other.length) {
    console.error(`not what the sources make: ${other.map(([name]) => name).join(", ")}; run npm run build in view/`);
    process.exit(1);
  }
  console.log(`${made.size} files are what the sources make`);
}
