"use strict";
/* The data of the page. It lies in script elements of type text/plain as base64 of zlib streams (html.h says what each
 * kind holds). They are read as the browser's parser delivers them; texts only when somebody looks. */

const BLOCKS = { heads: [], texts: [] };
const RESULT = {}, PAGE = {}, PLAN = { trials: 0, unlisted: 0, texts: 0, broken: 0, cases: false, head_bytes: 0, known: false };
const ROWS = { n: 0, scores: [] };                      /* columns; see rows_room */
const HEADS = { output: [], low: [], cases: new Map(), ready: 0, rows: 0 };
const TEXTS_KEPT = 8;                                   /* decoded blocks of texts that are kept */

function base64_bytes(text) {
  if (Uint8Array.fromBase64)
    return Uint8Array.fromBase64(text);
  const plain = atob(text), bytes = new Uint8Array(plain.length);
  for (let i = 0; i < plain.length; i++)
    bytes[i] = plain.charCodeAt(i);
  return bytes;
}

function inflated(element) {
  const stream = new Blob([base64_bytes(element.textContent)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream);
}

const inflated_json = async element => JSON.parse(await inflated(element).text());

/* A value that the writer kept as JSON in a string; undefined: none; null: it was too long to keep. */
function kept_json(text) {
  if (text === undefined || text === null)
    return text;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/* --- rows -------------------------------------------------------------------------------------------------------- */
const COLUMNS = { number: Float64Array, cost: Float64Array, latency: Uint32Array, input: Uint32Array, output: Uint32Array,
  attempts: Uint16Array, state: Uint8Array, violations: Uint8Array, critical: Uint8Array, variant: Uint16Array,
  kase: Uint32Array };
const NO_LATENCY = 0xffffffff;

function rows_room(n) {
  const grown = (old, type) => {
    const fresh = new type(n);
    if (old)
      fresh.set(old);
    return fresh;
  };
  if (ROWS.number && ROWS.number.length >= n)
    return;
  for (const name in COLUMNS)
    ROWS[name] = grown(ROWS[name], COLUMNS[name]);
  for (let s = 0; s < RESULT.scorers.length; s++)
    ROWS.scores[s] = grown(ROWS.scores[s], Float32Array);
}

/* Columns are little endian and so is every machine a browser runs on: they are taken as they lie. */
async function rows_read(element) {
  const first = Number(element.dataset.first), n = Number(element.dataset.n), run = RESULT.run;
  const bytes = await inflated(element).arrayBuffer();
  let at = 0, number = Number(element.dataset.base);
  const column = type => {
    const part = new type(bytes, at, n);
    at += part.byteLength;
    return part;
  };
  rows_room(Math.max(first + n, run.done + run.failed));
  ROWS.cost.set(column(Float64Array), first);
  const steps = column(Uint32Array), each = run.repeat * run.variants;
  for (let i = 0; i < n; i++) {
    number += steps[i];
    ROWS.number[first + i] = number;
    ROWS.variant[first + i] = Math.floor(number / run.repeat) % run.variants;
    ROWS.kase[first + i] = Math.floor(number / each);
  }
  ROWS.latency.set(column(Uint32Array), first);
  ROWS.input.set(column(Uint32Array), first);
  ROWS.output.set(column(Uint32Array), first);
  for (const scores of ROWS.scores)
    scores.set(column(Float32Array), first);
  ROWS.attempts.set(column(Uint16Array), first);
  ROWS.state.set(column(Uint8Array), first);
  ROWS.violations.set(column(Uint8Array), first);
  ROWS.critical.set(column(Uint8Array), first);
  ROWS.n = first + n;
  element.textContent = "";
}

/* --- beginnings of the texts, for the list and the search ---------------------------------------------------------- */
async function heads_read(block) {
  if (block.state)
    return block.state;
  return block.state = (async () => {
    const json = await inflated_json(block.element);
    block.element.textContent = "";
    for (const [index, id, input, expected] of json.c)
      if (!HEADS.cases.has(index))
        HEADS.cases.set(index, { id, input, expected, low: (id + "\n" + input + "\n" + (expected ?? "")).toLowerCase() });
    for (let i = 0; i < json.o.length; i++) {
      HEADS.output[block.first + i] = json.o[i];
      HEADS.low[block.first + i] = json.o[i].toLowerCase();
    }
    HEADS.ready++;
  })();
}

/* The block of that kind that holds the row; undefined when it has not arrived or is left out. */
function block_of(kind, row) {
  const list = BLOCKS[kind];
  let low = 0, high = list.length - 1;
  while (low <= high) {
    const mid = (low + high) >> 1;
    if (row < list[mid].first)
      high = mid - 1;
    else if (row >= list[mid].end)
      low = mid + 1;
    else
      return list[mid];
  }
  return undefined;
}

/* --- texts of a trial ------------------------------------------------------------------------------------------- */
const texts_kept = new Map();

/* { transcript, expected, variables, notes, error, finished } or null when the page was made without. */
async function trial_texts(row) {
  const block = block_of("texts", row);
  if (!block)
    return null;
  let json = texts_kept.get(block);
  if (!json) {
    json = await inflated_json(block.element);
    if (texts_kept.size >= TEXTS_KEPT)
      texts_kept.delete(texts_kept.keys().next().value);
    texts_kept.set(block, json);
  }
  const at = json.r.indexOf(row), one = json.t[at];
  if (at < 0)
    return null;
  return { transcript: kept_json(one.x), expected: kept_json(one.e), variables: kept_json(one.v), notes: one.n || {},
    error: one.w || "", finished: one.f };
}

/* --- reading as it arrives ---------------------------------------------------------------------------------------- */
const pause = () => new Promise(go => setTimeout(go, 4));

/* Calls on[kind](element) for each block in order. A block is whole once something stands behind it. */
async function blocks_read(on) {
  const scripts = document.getElementsByTagName("script");
  for (let at = 0; ; at++) {
    while (at >= scripts.length || (!scripts[at].nextSibling && document.readyState === "loading")) {
      if (document.readyState !== "loading" && at >= scripts.length)
        return;
      await pause();
    }
    const element = scripts[at], kind = element.dataset.k;
    if (kind && on[kind])
      await on[kind](element);
  }
}

function block_note(kind, element) {
  const first = Number(element.dataset.first), n = Number(element.dataset.n);
  BLOCKS[kind].push({ element, first, end: kind === "texts" ? Number(element.dataset.base) : first + n });
}
