/* JavaScript assertions and transforms of a promptfoo configuration, in the sandbox: a question a line, an answer a line.
 *
 *   {"hello": true, "files": [[FILE, FUNCTION or ""], ...]}   loads each once; what does not load ends the process, and why;
 *                                                             [FILE, FUNCTION or "", "transform"] is a transform's
 *   {"code": TEXT, "output": ..., "context": {...}}           an expression, or a function's body of several lines
 *   {"file": FILE, "function": NAME or "", "output": ..., "context": {...}}
 *
 * The answer is one of {"truth": BOOL}, {"number": N}, {"grade": {pass, score, reason, ...}}, {"odd": TEXT} (no finite
 * number), {"error": TEXT}; "thrown" says that the error came from a file's own code. A question with "transform": true
 * is answered by {"output": TEXT}, {"json": TEXT} for what is no text, or {"error": TEXT}. A file is a module: loaded
 * once, it keeps what it holds from call to call. */
"use strict";
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");
const { pathToFileURL } = require("url");
const vm = require("vm");

const SAID_MAX = 1000;
const write = process.stdout.write.bind(process.stdout);
const root = process.cwd();
const requireHere = createRequire(path.join(root, "assertion.js"));
const processHere = new Proxy(process, {
  get: (own, name) => (name === "mainModule" ? { require: requireHere, exports: {}, id: ".", children: [], paths: [] } : Reflect.get(own, name)),
});

function said(e) {
  const text = e instanceof Error ? `${e.name}: ${e.message}` : String(e);
  return text.slice(0, SAID_MAX);
}

/* The place in one of the user's files where it happened: "checks/a.js:3: ", or the file that was asked for. */
function place(e, file) {
  for (const line of String((e && e.stack) || "").replaceAll("file://", "").split("\n")) {
    const at = line.indexOf(root + path.sep);
    const found = at < 0 || line.includes(__filename) ? null : /^([^:()]+):(\d+)/.exec(line.slice(at + root.length + 1));
    if (found) return `${found[1]}:${found[2]}: `;
  }
  return `${file}: `;
}

/* A module that can't be read does not say in which line; as a script, without imports and exports, it does. */
function unread(e, file) {
  if (!(e instanceof SyntaxError) || /:\d+: $/.test(place(e, file))) return e;
  const text = fs.readFileSync(path.resolve(root, file), "utf8").replace(/^[ \t]*import\b.*$/gm, "").replace(/^[ \t]*export\s+default\b/gm, "void 0,")
    .replace(/^[ \t]*export\s*(\{.*|\*.*)$/gm, "").replace(/^[ \t]*export\b/gm, "");
  try {
    new vm.Script(`(async () => {${text}\n})`, { filename: path.resolve(root, file) });
  } catch (again) {
    if (again.message === e.message) return again;
  }
  return e;
}

/* Where the last statement of a one-line text begins, quotes minded; -1: there is but one. */
function lastSemicolon(code) {
  let quote = "", last = -1;
  for (let i = 0; i < code.length; i++) {
    const c = code[i];
    if (c === "\\") i++;
    else if (quote) quote = c === quote ? "" : quote;
    else if (c === "'" || c === '"' || c === "`") quote = c;
    else if (c === ";") last = i;
  }
  return last;
}

/* Several lines are a function's body. One line is an expression; after declarations its last statement is. */
function bodyOf(code) {
  const text = code.trimEnd();
  if (text.includes("\n")) return text;
  const line = text.trim().replace(/;+\s*$/, "");
  if (!/^(const|let|var)\s/.test(line)) return `return ${line}`;
  const at = lastSemicolon(line), last = line.slice(at + 1).trim();
  return at >= 0 && last ? `${line.slice(0, at + 1)} return ${last}` : line;
}

async function moduleOf(file) {
  const all = await import(pathToFileURL(path.resolve(root, file)).href);
  return all?.default?.default || all?.default || all;
}

/* Of a module that is one function, the name is not looked at. */
async function transformOf(file, name) {
  const module = await moduleOf(file);
  if (name && Object.prototype.hasOwnProperty.call(module, name) && typeof module[name] === "function") return module[name];
  if (typeof module === "function") return module;
  if (typeof module.default === "function") return module.default;
  throw new Error(name ? `it exports no function "${name}"` : "it exports no function, neither as module.exports nor by default");
}

async function functionOf(file, name) {
  const module = await moduleOf(file);
  const own = name ? module[name] : module;
  if (name && typeof own?.[name] === "function") return own[name];
  if (typeof own === "function") return own;
  if (typeof own?.default === "function") return own.default;
  throw new Error(name ? `it exports no function "${name}"` : "it exports no function, neither as module.exports nor by default");
}

function isMap(v) {
  return typeof v === "undefined" || typeof v === "object";
}

function isGrade(v) {
  return typeof v === "object" && v !== null && typeof v.pass === "boolean" && typeof v.score === "number" && typeof v.reason === "string" &&
    isMap(v.namedScores) && isMap(v.namedScoreWeights) && isMap(v.tokensUsed) && isMap(v.assertion) &&
    (typeof v.componentResults === "undefined" || Array.isArray(v.componentResults)) &&
    (typeof v.comment === "undefined" || typeof v.comment === "string");
}

function verdict(v) {
  if (typeof v === "boolean") return { truth: v };
  if (typeof v === "number") return Number.isFinite(v) ? { number: v } : { odd: String(v) };
  if (!isGrade(v)) {
    let text;
    try { text = JSON.stringify(v); } catch { text = "that is no JSON"; }
    throw new Error(`a JavaScript assertion returns a boolean, a number or {pass, score, reason}, not ${typeof v} ${text}`);
  }
  if (!Number.isFinite(v.score)) return { odd: String(v.score) };
  const { pass, score, reason, namedScores, namedScoreWeights } = v;
  return { grade: { pass, score, reason, namedScores, namedScoreWeights } };
}

/* Half a character, which UTF-8 can't write, is U+FFFD. */
function wellFormed(text) {
  return text.replace(/[\ud800-\udfff]/gu, "\ufffd");
}

function made(v) {
  if (v === undefined || v === null) throw new Error("it returned nothing; a transform of several lines needs a return");
  if (typeof v === "string") return { output: wellFormed(v) };
  const text = JSON.stringify(v, (key, one) => (typeof one === "string" ? wellFormed(one) : one));
  if (text === undefined) throw new Error(`it returned a ${typeof v}, which is no output`);
  return { json: text };
}

async function transformed(q) {
  try {
    const own = "file" in q ? await transformOf(q.file, q.function)
                            : new Function("output", "context", "process", q.code.includes("\n") ? q.code : `return ${q.code}`);
    return made(await own(q.output, q.context, processHere));
  } catch (e) {
    return { error: (("file" in q ? place(e, q.file) : "") + said(e)).slice(0, SAID_MAX) };
  }
}

async function answer(q) {
  let value;
  if ("file" in q) {
    try {
      value = await (await functionOf(q.file, q.function))(q.output, q.context);
    } catch (e) {
      return { error: (place(e, q.file) + said(e)).slice(0, SAID_MAX), thrown: true };
    }
  }
  try {
    if (!("file" in q)) value = await new Function("output", "context", "process", bodyOf(q.code))(q.output, q.context, processHere);
    return verdict(value);
  } catch (e) {
    return { error: said(e) };
  }
}

async function greet(files) {
  for (const [file, name, transform] of files) {
    try {
      await (transform ? transformOf : functionOf)(file, name);
    } catch (thrown) {
      const e = unread(thrown, file);
      fs.writeSync(2, `${place(e, file)}${said(e).replaceAll("\n", " ")}\n`);
      process.exit(1);
    }
  }
  return {};
}

async function main() {
  let rest = "";
  process.stdout.write = () => true;            /* what a script prints is no answer */
  process.stdin.setEncoding("utf8");
  process.on("unhandledRejection", () => {});
  for await (const piece of process.stdin) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const q = JSON.parse(line);
      const back = "hello" in q ? await greet(q.files) : await (q.transform ? transformed : answer)(q);
      await new Promise((done) => write(`${JSON.stringify({ ...back, id: q.id })}\n`, done));
    }
  }
}

main();
