/* --- what differs, word by word ---------------------------------------------------------------------------------------
 * E. W. Myers, An O(ND) Difference Algorithm and Its Variations, Algorithmica 1 (1986), the greedy one, after cutting
 * off what both texts begin and end with. Bounded: texts of more than DIFF_WORDS words, or with more than DIFF_EDITS
 * words changed, have no word difference (null); the two are shown side by side then. */
const DIFF_WORDS = 20000, DIFF_EDITS = 1200;

const words_of = text => text.match(/\n|[^\S\n]+|[\p{L}\p{N}\p{M}_]+|[^\s\p{L}\p{N}\p{M}_]/gu) || [];

/* [[kind, text]...]: "same", "gone" (only in a), "new" (only in b); null when past the bounds. */
function diff_words(text_a, text_b) {
  const a = words_of(text_a), b = words_of(text_b), out = [];
  let head = 0, end_a = a.length, end_b = b.length, edits;
  const put = (kind, words) => {
    if (!words.length)
      return;
    const last = out[out.length - 1];
    if (last && last[0] === kind)
      last[1] += words.join("");
    else
      out.push([kind, words.join("")]);
  };
  if (a.length > DIFF_WORDS || b.length > DIFF_WORDS)
    return null;
  while (head < end_a && head < end_b && a[head] === b[head])
    head++;
  while (end_a > head && end_b > head && a[end_a - 1] === b[end_b - 1])
    end_a--, end_b--;
  edits = diff_path(a.slice(head, end_a), b.slice(head, end_b));
  if (!edits)
    return null;
  put("same", a.slice(0, head));
  for (const [kind, word] of edits)
    put(kind, [word]);
  put("same", a.slice(end_a));
  return out;
}

/* The shortest way from a to b, one word a step. reach[k + max]: how far into a the way on diagonal k has come. */
function diff_path(a, b) {
  const max = Math.min(a.length + b.length, DIFF_EDITS), reach = new Int32Array(2 * max + 2), trace = [];
  for (let d = 0; d <= max; d++) {
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[k - 1 + max] < reach[k + 1 + max]);
      let x = down ? reach[k + 1 + max] : reach[k - 1 + max] + 1, y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y])
        x++, y++;
      reach[k + max] = x;
      if (x >= a.length && y >= b.length) {
        trace.push(reach.slice(max - d, max + d + 1));
        return diff_back(a, b, trace);
      }
    }
    trace.push(reach.slice(max - d, max + d + 1));      /* of step d: diagonals -d to d */
  }
  return null;
}

function diff_back(a, b, trace) {
  const steps = [];
  let x = a.length, y = b.length;
  for (let d = trace.length - 1; d > 0; d--) {
    const before = trace[d - 1], at = k => k < 1 - d || k > d - 1 ? -1 : before[k + d - 1], k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1)), from = down ? k + 1 : k - 1;
    const old_x = at(from), old_y = old_x - from;
    while (x > old_x && y > old_y)
      steps.push(["same", a[x - 1]]), x--, y--;
    steps.push(down ? ["new", b[y - 1]] : ["gone", a[x - 1]]);
    x = old_x;
    y = old_y;
  }
  while (x > 0)
    steps.push(["same", a[x - 1]]), x--, y--;
  return steps.reverse();
}

/* Both as JSON with sorted members when both are JSON, so that only what they say is compared. */
function diff_forms(expected, output) {
  const sorted = v => Array.isArray(v) ? v.map(sorted) : v && typeof v === "object"
    ? Object.fromEntries(Object.keys(v).sort().map(k => [k, sorted(v[k])])) : v;
  const inside = output.trim().replace(/^(```|~~~)\w*\n([\s\S]*)\n\1$/, "$2");
  try {
    const said = JSON.parse(inside), wanted = typeof expected === "string" ? JSON.parse(expected) : expected;
    if (said === null || typeof said !== "object")
      throw new SyntaxError("a plain value");
    return { a: JSON.stringify(sorted(wanted), null, 2), b: JSON.stringify(sorted(said), null, 2), json: true };
  } catch {
    return { a: rough(expected).trim(), b: output.trim(), json: false };
  }
}

function diff_element(expected, output) {
  const forms = diff_forms(expected, output), parts = diff_words(forms.a, forms.b);
  if (forms.a === forms.b)
    return h("div", h("p.same-word", forms.json ? "Says the same (as JSON)." : "Exactly the same."), h("pre.text", safe(forms.b)));
  if (!parts)
    return h("div", h("p.muted", "Too long or too different for a comparison by words."),
      h("div.sides", h("div", h("h4", "expected"), h("pre.text", safe(forms.a))), h("div", h("h4", "output"), h("pre.text", safe(forms.b)))));
  const pre = h("pre.text.diff");
  for (const [kind, text] of parts)
    pre.append(kind === "same" ? safe(text) : h(kind === "gone" ? "del" : "ins", safe(text)));
  return h("div", h("p.key-line", h("del", "expected, missing"), " ", h("ins", "in the output only"), forms.json ? h("span.muted", " compared as JSON, members sorted") : null), pre);
}
