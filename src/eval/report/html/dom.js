/* --- elements and words --------------------------------------------------------------------------------------------
 * Everything a run says goes through textContent. Characters that could steer what stands around them (controls, marks
 * of direction) are shown by name. */

/* h("p.lead", { title: "..." }, "text", element, ...): attributes by name, on* as listeners; null children are skipped. */
function h(what, ...rest) {
  const [tag, ...classes] = what.split("."), e = document.createElement(tag || "div");
  if (classes.length)
    e.className = classes.join(" ");
  if (rest.length && rest[0] && rest[0].constructor === Object) {
    for (const [name, value] of Object.entries(rest.shift())) {
      if (name.startsWith("on"))
        e.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false)
        e.setAttribute(name, value === true ? "" : value);
    }
  }
  e.append(...rest.flat().filter(x => x !== null && x !== undefined && x !== false));
  return e;
}

const $ = id => document.getElementById(id);
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/* The text with every unsafe character replaced by a name of it; CR LF counts as a line end. */
function safe(text) {
  return String(text).replace(/\r\n/g, "\n").replace(UNSAFE, c => {
    const code = c.charCodeAt(0);
    if (code < 0x20)
      return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\u27e8U+" + code.toString(16).toUpperCase().padStart(4, "0") + "\u27e9";
  });
}

const one_line = text => safe(text).replace(/\s+/g, " ");

const counted = new Intl.NumberFormat("en-US");
const count = n => counted.format(n);
const plural = (n, one, many) => count(n) + " " + (n === 1 ? one : many || one + "s");
const DASH = "\u2013", NONE = "\u2014";

function percent(v) {
  return v === null || v === undefined || Number.isNaN(v) ? NONE : (v * 100).toFixed(1) + "\u2009%";
}

function duration(ms) {
  if (ms === null || ms === undefined || ms < 0 || ms === NO_LATENCY)
    return NONE;
  if (ms < 1000)
    return Math.round(ms) + "\u2009ms";
  if (ms < 100000)
    return (ms / 1000).toFixed(1) + "\u2009s";
  if (ms < 6000000)
    return Math.floor(ms / 60000) + "\u2009m " + Math.floor(ms / 1000 % 60) + "\u2009s";
  return Math.floor(ms / 3600000) + "\u2009h " + Math.floor(ms / 60000 % 60) + "\u2009m";
}

/* US dollars, with as many digits as its size deserves. */
function dollars(usd) {
  if (usd === null || usd === undefined || Number.isNaN(usd))
    return "unknown";
  if (usd === 0)
    return "$0";
  if (usd < 1e-7)
    return "<$0.0000001";
  const digits = usd >= 1 ? 2 : usd >= 0.1 ? 3 : Math.min(9, 2 - Math.floor(Math.log10(usd)));
  return "$" + (usd >= 1000 ? count(Math.round(usd)) : usd.toFixed(digits));
}

function measured(scorer, v) {
  if (v === null || v === undefined || Number.isNaN(v))
    return NONE;
  switch (scorer.unit) {
  case "usd": return dollars(v);
  case "ms": return duration(v);
  case "tokens": return count(Math.round(v));
  default: return v >= 0 && v <= 1 ? percent(v) : String(Number(v.toPrecision(4)));
  }
}

const moment = text => text ? text.slice(0, 10) + " " + text.slice(11, 16) + " UTC" : NONE;
const rough = e => e === undefined || e === null ? "" : typeof e === "string" ? e : JSON.stringify(e, null, 2);

/* A button that turns itself into "copied" for a moment. */
function copy_button(text) {
  const b = h("button.quiet", { type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      b.textContent = "copied";
    } catch {
      b.textContent = "can\u2019t copy here";
    }
    setTimeout(() => { b.textContent = "copy"; }, 1500);
  } }, "copy");
  return b;
}
