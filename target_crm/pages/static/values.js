// The values of a record, for people. In the data a text is a text, null is null, anything else is its JSON in a list.

const LONG_TEXT = 700;
const SHOWN_OF_LONG_TEXT = 500;
const UNSEEN = /[\p{Cs}\p{Cf}\p{Zl}\p{Zp}\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;
const UNSEEN_AND_BLANKS = /[\p{Cs}\p{Cf}\p{Zs}\p{Zl}\p{Zp}\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;

// A number as it was written: JavaScript would round a large one.
class Exact {
  constructor(text) {
    this.text = text;
  }

  toJSON() {
    return { number: this.text };
  }
}

function tree(value) {
  if (typeof value === "string" || value === null) return value;
  const exact = (_, each, context) => (typeof each === "number" ? new Exact(context?.source ?? String(each)) : each);
  return JSON.parse(value[0], exact);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Exact);
}

function key(value) {
  return JSON.stringify(value);
}

// Every text and number inside a value.
function scalars(value) {
  if (value === null || value === undefined) return [];
  if (value instanceof Exact) return [value.text];
  if (typeof value === "object") return Object.values(value).flatMap(scalars);
  return [String(value)];
}

// A value on one line, cut where it is long.
function brief(value, most = 80) {
  const text = scalars(value).join(", ").replace(/\s+/g, " ");
  if (text === "") return "empty";
  const letters = Array.from(text.slice(0, 2 * most + 2));
  return letters.length > most ? `${letters.slice(0, most).join("")}…` : text;
}

// The nodes of a text; what nobody could see in it is spelt by its code.
function spelt(text, exactly = false) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(exactly ? UNSEEN_AND_BLANKS : UNSEEN)) {
    const [letter] = found;
    if (letter === " ") continue;
    const isJoiner = letter === "\u200c" || letter === "\u200d";
    if (isJoiner && text.charCodeAt(found.index - 1) > 0x7f) continue; // part of an emoji, or of a script
    const code = `U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    nodes.push(text.slice(from, found.index), element("span", { class: "unseen" }, code));
    from = found.index + letter.length;
  }
  return [...nodes, text.slice(from)];
}

// A button in the place of a long text, which puts the text there.
function elided(text, words) {
  const shown = button({ class: "more" }, `… ${words} …`);
  shown.addEventListener("click", () => {
    const whole = element("span", { tabindex: "-1" }, spelt(text));
    shown.replaceWith(whole);
    whole.focus();
  });
  return shown;
}

function none(what) {
  return element("span", { class: "none" }, what);
}

function shownText(text, exactly = false) {
  if (text === "") return none("empty text");
  if (text.length <= LONG_TEXT) return element("span", { class: "text" }, spelt(text, exactly));
  const start = text.slice(0, SHOWN_OF_LONG_TEXT);
  const rest = text.slice(SHOWN_OF_LONG_TEXT);
  return element("span", { class: "text" }, spelt(start), elided(rest, `${counted(rest.length, "more character")}`));
}

function shown(value, exactly = false) {
  if (value === null) return none("empty");
  if (typeof value === "string") return shownText(value, exactly);
  if (value instanceof Exact) return element("span", { class: "exact" }, value.text);
  if (!isObject(value) && !Array.isArray(value)) return element("span", { class: "exact" }, String(value));
  const inside = Object.entries(value);
  if (!inside.length) return none(Array.isArray(value) ? "empty list" : "nothing in it");
  if (Array.isArray(value)) return items(inside.map(([, each]) => shown(each)));
  return parts(inside.map(([name, each]) => [name, shown(each)]));
}

function items(nodes) {
  return element("ul", { class: "items" }, nodes.map((each) => element("li", {}, each)));
}

function parts(pairs) {
  const rows = pairs.map(([name, node]) => element("div", {}, element("dt", {}, spelt(name)), element("dd", {}, node)));
  return element("dl", { class: "parts" }, rows);
}
