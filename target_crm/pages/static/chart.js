// Bars over time as SVG, as wide as their place, with the same numbers as a table.

const BAR_HEIGHT = 200;
const ABOVE = 12;
const BELOW = 26;
const MOST_BARS = 62;
const LEAST_LABEL = 78;
const DAY = 86_400_000;

const dayAndMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const monthAndYear = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
const dayAndMinute = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });

// Spans of time, oldest first, each with the runs that began in it; as fine as there is room for their bars.
function spans(runs) {
  const dated = runs.filter((run) => Number.isFinite(run.time)).reverse();
  const oldestFirst = dated.sort((one, other) => one.time - other.time);
  const ways = [
    { by: "run", name: (run) => dayAndMinute.format(run.time), start: (time) => time },
    { by: "day", name: (run) => dayAndMonth.format(run.time), start: (time) => Math.floor(time / DAY) * DAY, next: (time) => time + DAY },
    { by: "week", name: (run) => `week of ${dayAndMonth.format(monday(run.time))}`, start: monday, next: (time) => time + 7 * DAY },
    { by: "month", name: (run) => monthAndYear.format(run.time), start: firstOfMonth, next: (time) => firstOfMonth(time + 32 * DAY) },
  ];
  for (const way of ways) {
    const found = way.by === "run" ? oldestFirst.map((run) => ({ name: way.name(run), time: run.time, runs: [run] })) : gathered(oldestFirst, way);
    if (found.length <= MOST_BARS || way.by === "month") return { by: way.by, bars: found };
  }
  return { by: "run", bars: [] };
}

function gathered(runs, { name, start, next }) {
  const found = [];
  for (const run of runs) {
    const time = start(run.time);
    while (found.length && found.at(-1).time < time && found.length <= 10 * MOST_BARS) {
      const empty = next(found.at(-1).time);
      found.push({ name: name({ time: empty }), time: empty, runs: [] });
    }
    if (!found.length) found.push({ name: name({ time }), time, runs: [] });
    found.at(-1).runs.push(run);
  }
  return found;
}

function monday(time) {
  const day = Math.floor(time / DAY);
  return (day - ((day + 3) % 7)) * DAY;
}

function firstOfMonth(time) {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

// The least round number that is not below another one, and the lines between.
function scale(most, lines = 4) {
  const rough = Math.max(most, 1) / lines;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough));
  const top = Math.ceil(Math.max(most, 1) / step) * step;
  return { top, lines: Array.from({ length: Math.round(top / step) + 1 }, (_, place) => place * step) };
}

class Chart {
  // place: the element that takes it; bars: [{label, parts: [[class, number]], said, go}]; unit: what a line's number is followed by;
  // top: the number at the upper end, if it is not the highest bar's; says: what it shows, for a screen reader.
  constructor(place) {
    this.place = place;
    new ResizeObserver(() => this.width !== place.clientWidth && this.#draw()).observe(place);
  }

  show(given) {
    this.given = given;
    this.#draw();
  }

  #draw() {
    this.width = this.place.clientWidth;
    if (!this.given || !this.width) return;
    const { bars, says, unit = "", top: fixed } = this.given;
    const most = Math.max(0, ...bars.map((bar) => bar.parts.reduce((sum, [, number]) => sum + number, 0)));
    const { top, lines } = fixed ? scale(Math.max(fixed, most), 4) : scale(most);
    const left = 12 + 8 * `${numbers.format(top)}${unit}`.length;
    const wide = this.width - left - 4;
    const y = (number) => ABOVE + BAR_HEIGHT * (1 - number / top);
    const step = wide / Math.max(bars.length, 1);
    const grid = lines.map((number) => drawn(
      "g", { class: fixed === number ? "limit" : "grid" },
      drawn("line", { x1: left, x2: this.width, y1: y(number), y2: y(number) }),
      drawn("text", { x: left - 8, y: y(number) + 4, "text-anchor": "end" }, `${numbers.format(number)}${unit}`),
    ));
    const every = Math.max(1, Math.ceil((LEAST_LABEL * bars.length) / wide));
    const drawnBars = bars.map((bar, place) => {
      const width = Math.min(Math.max(step * 0.76, 1), 46);
      const middle = left + (place + 0.5) * step;
      const x = middle - width / 2;
      let below = 0;
      const parts = bar.parts.filter(([, number]) => number).map(([kind, number]) => {
        const height = Math.max(y(below) - y(below + number), 1.5);
        below += number;
        return drawn("rect", { class: kind, x, width, y: y(below), height: Math.max(height - 1, 1) });
      });
      const isLabelled = place % every === 0 && middle + LEAST_LABEL / 2 <= this.width + step / 2;
      const label = isLabelled ? drawn("text", { x: middle, y: ABOVE + BAR_HEIGHT + 18, "text-anchor": "middle" }, bar.label) : null;
      const whole = drawn("rect", { class: "whole", x: left + place * step, width: step, y: ABOVE, height: BAR_HEIGHT });
      return drawn("g", { class: bar.go ? "bar goes" : "bar", onclick: bar.go ?? (() => {}) }, drawn("title", {}, bar.said), whole, parts, label);
    });
    const size = { width: this.width, height: ABOVE + BAR_HEIGHT + BELOW, viewBox: `0 0 ${this.width} ${ABOVE + BAR_HEIGHT + BELOW}` };
    this.place.replaceChildren(drawn("svg", { ...size, role: "img", "aria-label": says }, grid, drawnBars));
  }
}

// A table of numbers; the first column is text.
function numbersTable(caption, headings, rows) {
  const cells = ([first, ...rest]) => [
    element("th", { scope: "row", role: "rowheader" }, first),
    ...rest.map((each, place) => element(
      "td", { role: "cell", class: each ? "" : "zero" },
      element("span", { class: "label", "aria-hidden": "true" }, headings[place + 1]),
      typeof each === "number" ? numbers.format(each) : each,
    )),
  ];
  return element(
    "table", { class: "counts", role: "table" },
    element("caption", { class: "heard" }, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, headings.map((each) => element("th", { scope: "col", role: "columnheader" }, each)))),
    element("tbody", { role: "rowgroup" }, rows.map((row) => element("tr", { role: "row" }, cells(row)))),
  );
}
