// The page of a plan.

const data = JSON.parse(byId("data").textContent);
const { plan, actions } = data;
const kinds = [...new Set([...actions.slice(0, 4), "unchanged", ...actions.slice(4)])];
const records = new PlanRecords(data);
data.records = null;

const DONE = { create: "created", update: "updated", link: "linked", delete: "deleted" };

const list = new PagedList({
  list: byId("records"),
  pager: byId("pager"),
  name: (record) => record.number,
  kind: (record) => `record ${record.action}`,
  isPrintedOpen: true,
  onTurn: (isAllOpen) => byId("open-all").setAttribute("aria-pressed", String(isAllOpen)),
  summary: (record) => rowOfRecord(record, records),
  details: (record) => detailsOfRecord(record, records, go),
});
const fields = { search: byId("search"), stream: byId("stream"), action: byId("action"), field: byId("field") };
const streams = [...new Set([...Object.keys(plan.unchanged), ...records.tally.byStream.keys()])];

// The number of records that a stream has in the plan's file; of unchanged ones it holds few, and counts all.
function count(stream, kind) {
  return kind === "unchanged" ? (plan.unchanged[stream] ?? 0) : records.count(stream, kind);
}

function sum(kind, counting = count) {
  return streams.reduce((all, stream) => all + counting(stream, kind), 0);
}

function inFile(stream, kind) {
  return records.count(stream, kind);
}

// The head of the page

function head() {
  const account = plan.account_name || plan.account;
  byId("kind").textContent = plan.kind === "undo" ? "Plan to take a run back" : "Plan";
  byId("title").replaceChildren(...spelt(account));
  const told = Object.keys(DONE).filter((kind) => sum(kind)).map((kind) => `${numbers.format(sum(kind))} ${DONE[kind]}`);
  byId("lead").textContent = told.length ? `Records if this plan is applied: ${listed(told)}.` : "Nothing would be written.";
  byId("facts").replaceChildren(...facts([
    ["CRM", crmName(plan.crm)],
    ["Account", plan.account_name && plan.account !== plan.account_name ? spelt(`${account} (${plan.account})`) : spelt(account)],
    ["Source", spelt(plan.source_name)],
    ["Takes back", plan.undo_of ? `run ${plan.undo_of}` : ""],
    ["Made", element("time", { datetime: plan.made_at }, moment(plan.made_at))],
    ["Requests", `${numbers.format(plan.requests)}${plan.seconds >= 1 ? `, at least ${duration(plan.seconds)}` : ""}`],
    ["Plan", element("code", {}, plan.plan_id)],
    ["Dry run", plan.run_id ? element("code", {}, plan.run_id) : ""],
    ["Ledger", plan.ledger ? element("code", {}, spelt(plan.ledger)) : ""],
    ["Settings", element("code", {}, plan.settings)],
    ["Made by", `singer-crm ${plan.program}`],
  ]));
}

function alarms() {
  const found = [];
  const deleted = sum("delete");
  if (deleted) {
    const show = button({ onclick: () => choose({ action: "delete" }, true) }, deleted === 1 ? "Show it" : "Show them");
    found.push(element("p", { class: "alarm deletes" }, element("b", {}, `${counted(deleted, "record")} would be deleted. `), show));
  }
  if (plan.removed) {
    const lines = plan.removed === 1 ? "1 record was" : `${numbers.format(plan.removed)} records were`;
    found.push(element("p", { class: "alarm" }, `${lines} taken out of this plan since it was made: the counts are of what is left.`));
  }
  byId("alarms").replaceChildren(...found);
}

// A row for each stream; each number shows its records.
function counts() {
  const seen = kinds.filter((kind) => sum(kind));
  const cell = (stream, kind) => {
    const number = stream ? count(stream, kind) : sum(kind);
    const shown = numbers.format(number);
    const label = element("span", { class: "label", "aria-hidden": "true" }, kind);
    const isShown = stream ? inFile(stream, kind) : sum(kind, inFile);
    if (!isShown) return element("td", { role: "cell", class: number ? "" : "zero" }, label, element("span", { class: "plain" }, shown));
    const words = heard(` ${kind}${stream ? ` of ${stream}` : ""}: show them`);
    return element("td", { role: "cell" }, label, button({ class: `count ${kind}`, onclick: () => choose({ stream, action: kind }, true) }, shown, words));
  };
  const row = (stream, name) => element("tr", { role: "row" }, element("th", { scope: "row", role: "rowheader" }, name), seen.map((kind) => cell(stream, kind)));
  const sums = streams.length > 1 ? [row("", "All streams")] : [];
  byId("counts").replaceChildren(
    element("caption", { class: "heard" }, "Records by stream and by what would be done"),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, element("th", { scope: "col", role: "columnheader" }, "Stream"), seen.map((kind) => element("th", { scope: "col", role: "columnheader" }, kind)))),
    element("tbody", { role: "rowgroup" }, streams.map((stream) => row(stream, spelt(stream))), sums),
  );
}

function digest() {
  byId("file").replaceChildren(...spelt(plan.file));
  byId("sha256").replaceChildren(...plan.sha256.match(/.{1,16}/g).map((part) => element("span", {}, part)));
  const given = byId("expected");
  given.addEventListener("input", () => {
    const text = given.value.toLowerCase().replace(/^sha256:/, "").replace(/\s+/g, "");
    const isSame = text === plan.sha256;
    const said = !text ? "" : isSame ? "✓ The same: this page shows that file." : "✗ Not the same: this page shows another file.";
    byId("verdict").textContent = said;
    byId("verdict").className = !text ? "" : isSame ? "well" : "ill";
  });
}

// Which records are shown

function options() {
  const add = (select, label, found, prefix = "") => {
    if (!found.length) return;
    const made = found.map(([name, records]) => element("option", { value: `${prefix}${name}` }, `${name} (${numbers.format(records)})`));
    select.append(...(label ? [element("optgroup", { label }, made)] : made));
  };
  const sizes = streams.map((stream) => [stream, actions.reduce((all, action) => all + inFile(stream, action), 0)]);
  add(fields.stream, "", sizes.filter(([, number]) => number));
  add(fields.action, "", actions.map((action) => [action, sum(action, inFile)]).filter(([, number]) => number));
  add(fields.field, "Written", records.tally.written, "changed:");
  add(fields.field, "In conflict", records.tally.inConflict, "conflict:");
  add(fields.field, "Left out", records.tally.leftOut, "left:");
}

function wanted() {
  return Object.fromEntries(Object.entries(fields).map(([name, input]) => [name, input.value]));
}

let shownFor = null;

// Show what is chosen. Where that is shown already, the list stays as it is: somebody may be reading it.
function refresh() {
  const choice = wanted();
  const kept = new URLSearchParams(Object.entries(choice).filter(([, value]) => value)).toString();
  if (kept === shownFor) return;
  shownFor = kept;
  const found = records.chosen(choice);
  list.show(found);
  const all = numbers.format(records.all.length);
  const isWhole = found.length === records.all.length;
  byId("count").textContent = isWhole ? counted(found.length, "record") : `${numbers.format(found.length)} of ${all} records`;
  byId("nothing").hidden = found.length > 0;
  byId("reset").hidden = isWhole && !Object.values(choice).some(Boolean);
  byId("open-all").hidden = !found.length;
  try {
    history.replaceState(null, "", kept ? `#${kept}` : location.pathname + location.search);
  } catch {
    // Where a page may not name its own address, it cannot be shared with its search; all else works.
  }
}

function choose(choice, goes = false) {
  for (const [name, input] of Object.entries(fields)) {
    input.value = choice[name] ?? "";
    if (input.selectedIndex === -1) input.value = "";
  }
  refresh();
  if (!goes) return;
  byId("list").scrollIntoView({ block: "start" });
  byId("records").querySelector(".row")?.focus({ preventScroll: true });
}

// Go to the record that another one refers to.
function go(stream, sourceId) {
  const record = records.find(stream, sourceId);
  if (!record) {
    byId("count").textContent = `${stream} ${sourceId} is no longer in this plan`;
    return;
  }
  if (!list.reveal(record)) {
    choose({});
    list.reveal(record);
  }
}

function keys() {
  searchKeys(fields.search, byId("records"), refresh);
  fields.search.addEventListener("input", later(refresh, 150));
  for (const name of ["stream", "action", "field"]) fields[name].addEventListener("change", refresh);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("reset").addEventListener("click", () => {
    choose({});
    fields.search.focus();
  });
  byId("open-all").addEventListener("click", () => list.openAll(byId("open-all").getAttribute("aria-pressed") !== "true"));
  addEventListener("hashchange", () => choose(Object.fromEntries(new URLSearchParams(location.hash.slice(1)))));
}

head();
alarms();
counts();
digest();
options();
keys();
choose(Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
document.documentElement.dataset.ready = "";
setTimeout(() => records.prepare(), 500);
