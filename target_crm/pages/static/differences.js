// What differs between two values, made visible: in texts by the word, in lists by the item, in objects by the part.

const MOST_DIFFERENCES = 400;
const LONG_RUN = 200;
const SHOWN_OF_RUN = 70;
const LEAST_IN_COMMON = 0.25;
const WORDS = /\s+|[\p{L}\p{N}\p{M}_]+|\p{Extended_Pictographic}(?:[\u200d\ufe0f]|\p{Extended_Pictographic}|\p{Emoji_Modifier})*|[^]/gu;

// Steps from one list to another, after Myers: runs of "same", "cut" and "new", each with its parts of both lists.
function steps(before, after) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const least = Math.min(before.length, after.length) - start;
  while (end < least && before.at(-1 - end) === after.at(-1 - end)) end++;
  const cut = before.slice(start, before.length - end);
  const added = after.slice(start, after.length - end);
  const middle = cut.length && added.length ? shortest(cut, added) : replaced(cut, added);
  return joined([...same(before.slice(0, start)), ...middle, ...same(end ? before.slice(-end) : [])]);
}

function same(parts) {
  return parts.map((part) => ["same", part]);
}

function replaced(cut, added) {
  return [...cut.map((part) => ["cut", part]), ...added.map((part) => ["new", part])];
}

function shortest(before, after) {
  const furthest = new Map([[1, 0]]);
  const trace = [];
  for (let edits = 0; edits <= Math.min(MOST_DIFFERENCES, before.length + after.length); edits++) {
    trace.push(new Map(furthest));
    for (let line = -edits; line <= edits; line += 2) {
      const isDown = line === -edits || (line !== edits && furthest.get(line - 1) < furthest.get(line + 1));
      let x = isDown ? furthest.get(line + 1) : furthest.get(line - 1) + 1;
      while (x < before.length && x - line < after.length && before[x] === after[x - line]) x++;
      furthest.set(line, x);
      if (x >= before.length && x - line >= after.length) return walkedBack(before, after, trace);
    }
  }
  return replaced(before, after); // too different for words to help
}

function walkedBack(before, after, trace) {
  const found = [];
  let [x, y] = [before.length, after.length];
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const furthest = trace[edits];
    const line = x - y;
    const isDown = line === -edits || (line !== edits && furthest.get(line - 1) < furthest.get(line + 1));
    const earlier = isDown ? line + 1 : line - 1;
    const toX = furthest.get(earlier);
    const toY = toX - earlier;
    while (x > toX && y > toY && x > 0 && y > 0) found.push(["same", before[--x], y--]);
    if (edits > 0) found.push(isDown ? ["new", after[--y]] : ["cut", before[--x]]);
  }
  return found.reverse().map(([kind, part]) => [kind, part]);
}

// Runs of one kind; between two "same" runs first everything that was cut, then everything new.
function joined(found) {
  const runs = [];
  let change = null;
  for (const [kind, part] of found) {
    if (kind === "same") {
      change = null;
      if (runs.at(-1)?.kind === "same") runs.at(-1).parts.push(part);
      else runs.push({ kind, parts: [part] });
      continue;
    }
    if (!change) runs.push((change = { kind: "change", cut: [], new: [] }));
    change[kind].push(part);
  }
  return runs;
}

// Changes with nothing but a blank between them read better as one.
function calm(runs) {
  const found = [];
  runs.forEach((run, place) => {
    const last = found.at(-1);
    const isBlank = run.kind === "same" && /^[\s\p{P}]{0,2}$/u.test(run.parts.join(""));
    if (last?.kind === "change" && (run.kind === "change" || (isBlank && place < runs.length - 1))) {
      last.cut.push(...(run.cut ?? run.parts));
      last.new.push(...(run.new ?? run.parts));
    } else found.push(run.kind === "same" ? run : { ...run, cut: [...run.cut], new: [...run.new] });
  });
  return found;
}

// The nodes of two values, what differs marked in each.
function pair(before, after) {
  if (key(before) === key(after)) return [shown(before), shown(after)];
  if (typeof before === "string" && typeof after === "string") return pairOfTexts(before, after);
  if (Array.isArray(before) && Array.isArray(after)) return pairOfLists(before, after);
  if (isObject(before) && isObject(after)) return pairOfObjects(before, after);
  const looksSame = scalars(before).join() === scalars(after).join();
  const kind = (value) => (looksSame ? element("span", { class: "none" }, ` (${kindOf(value)})`) : "");
  return [element("del", {}, shown(before), kind(before)), element("ins", {}, shown(after), kind(after))];
}

function kindOf(value) {
  if (value instanceof Exact) return "number";
  if (value === null) return "empty";
  return Array.isArray(value) ? "list" : typeof value === "string" ? "text" : "value";
}

function pairOfTexts(before, after) {
  const runs = calm(steps(before.match(WORDS) ?? [], after.match(WORDS) ?? []));
  const kept = runs.reduce((sum, run) => sum + (run.kind === "same" ? run.parts.join("").length : 0), 0);
  if (!before || !after || kept < LEAST_IN_COMMON * Math.max(before.length, after.length)) {
    return [element("del", {}, shown(before, true)), element("ins", {}, shown(after, true))];
  }
  const side = (kind, tag) => {
    const nodes = runs.flatMap((run, place) => {
      if (run.kind === "same") return keptText(run.parts.join(""), place > 0, place < runs.length - 1);
      const text = run[kind].join("");
      return text ? [element(tag, { class: text.trim() ? "part" : "part blank" }, spelt(text, true))] : [];
    });
    return element("span", { class: "text" }, nodes);
  };
  return [side("cut", "del"), side("new", "ins")];
}

// A text that both sides have; the middle of a long one is left to a button.
function keptText(text, isAfterChange, isBeforeChange) {
  if (text.length <= LONG_RUN) return spelt(text);
  const head = isAfterChange ? text.slice(0, SHOWN_OF_RUN).replace(/\S+$/, "") : "";
  const tail = isBeforeChange ? text.slice(-SHOWN_OF_RUN).replace(/^\S+/, "") : "";
  const middle = text.slice(head.length, text.length - tail.length);
  const words = `${counted(middle.length, "character")} the same`;
  return [...spelt(head), elided(middle, words), ...spelt(tail)];
}

function pairOfLists(before, after) {
  const values = new Map([...before, ...after].map((each) => [key(each), each]));
  const sides = [[], []];
  for (const run of steps(before.map(key), after.map(key))) {
    if (run.kind === "same") {
      for (const each of run.parts) sides.forEach((side) => side.push(shown(values.get(each))));
      continue;
    }
    const [cut, added] = [run.cut, run.new].map((keys) => keys.map((each) => values.get(each)));
    for (let place = 0; place < Math.max(cut.length, added.length); place++) {
      const isPair = place < cut.length && place < added.length;
      const both = isPair ? pair(cut[place], added[place]) : null;
      if (place < cut.length) sides[0].push(both?.[0] ?? element("del", {}, shown(cut[place])));
      if (place < added.length) sides[1].push(both?.[1] ?? element("ins", {}, shown(added[place])));
    }
  }
  return sides.map((side) => (side.length ? items(side) : none("empty list")));
}

function pairOfObjects(before, after) {
  const sides = [[], []];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const has = [before, after].map((each) => Object.hasOwn(each, name));
    if (has[0] && has[1]) pair(before[name], after[name]).forEach((node, side) => sides[side].push([name, node]));
    else if (has[0]) sides[0].push([name, element("del", {}, shown(before[name]))]);
    else sides[1].push([name, element("ins", {}, shown(after[name]))]);
  }
  return sides.map((side) => (side.length ? parts(side) : none("nothing in it")));
}
