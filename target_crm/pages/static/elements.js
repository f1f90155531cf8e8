// Elements made of text alone: nothing that a record holds is ever read as HTML.

function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((each) => each !== null && each !== undefined && each !== ""));
  return made;
}

function button(attributes, ...children) {
  return element("button", { type: "button", ...attributes }, ...children);
}

// For a screen reader alone.
function heard(text) {
  return element("span", { class: "heard" }, text);
}

function byId(id) {
  return document.getElementById(id);
}

const numbers = new Intl.NumberFormat("en");

function counted(number, one, many = `${one}s`) {
  return `${numbers.format(number)} ${number === 1 ? one : many}`;
}

function listed(texts) {
  return texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;
}

const crms = { copper: "Copper", freshsales: "Freshsales", apptivo: "Apptivo", http: "HTTP API" };

function crmName(crm) {
  return crms[crm] ?? crm ?? "";
}

// The least of very many numbers, which Math.min would not take as its arguments.
function least(numbers) {
  return numbers.reduce((one, other) => (other < one ? other : one), Infinity);
}

const minutes = { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const inUtc = new Intl.DateTimeFormat("en-GB", { ...minutes, timeZone: "UTC" });

const shortly = new Intl.DateTimeFormat("en-GB", { ...minutes, month: "short", timeZone: "UTC" });

// A moment (ISO 8601, or Unix seconds) as everybody reads it: in UTC.
function moment(at) {
  const time = typeof at === "number" ? at * 1000 : Date.parse(at);
  return Number.isFinite(time) ? `${inUtc.format(time)} UTC` : String(at ?? "");
}

function duration(seconds) {
  const whole = Math.round(seconds);
  if (seconds < 10) return counted(Math.round(seconds * 10) / 10, "second");
  if (whole < 120) return counted(whole, "second");
  const total = Math.round(whole / 60);
  if (total < 120) return counted(total, "minute");
  return `${counted(Math.floor(total / 60), "hour")} ${total % 60 ? counted(total % 60, "minute") : ""}`.trim();
}

// Terms and what they are, in the order given; what is not known is left out.
function facts(given) {
  const known = given.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return known.map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value)));
}

// Text in which capitals and accents do not count.
function folded(text) {
  const lower = text.toLowerCase();
  return /^[\x00-\x7f]*$/.test(lower) ? lower : lower.normalize("NFD").replace(/\p{M}/gu, "");
}

function later(action, milliseconds) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}
