// One record of a plan: its row in the list, and what is seen when it is open.

const SIGNS = { create: "+", update: "±", link: "↔", delete: "−", unchanged: "=", skip: "»", reject: "!", wait: "…" };
const WHY = {
  create: "Why it is created", update: "How it was found", link: "How it was found", delete: "Why it is deleted",
  unchanged: "How it was found", skip: "Why it is skipped", reject: "Why it is rejected", wait: "What it waits for",
};
const PREVIEWED = 4;

function badge(action) {
  return element("span", { class: `badge ${action}` }, element("span", { "aria-hidden": "true" }, SIGNS[action]), ` ${action}`);
}

function rowOfRecord(record, records) {
  const marks = [
    record.conflicts.length ? counted(record.conflicts.length, "conflict") : "",
    record.leftOut.length ? `${numbers.format(record.leftOut.length)} left out` : "",
  ].filter(Boolean);
  return [
    badge(record.action),
    element(
      "span", { class: "ids" },
      element("b", {}, spelt(`${record.stream} ${record.sourceId}`)), " ",
      record.crmId ? element("span", { class: "quiet" }, spelt(`CRM ${record.crmId}`)) : null,
    ),
    element("span", { class: "preview" }, preview(record, records)),
    marks.length ? element("span", { class: "marks" }, marks.join(" · ")) : null,
  ];
}

function preview(record, records) {
  const hasFields = ["create", "update", "link"].includes(record.action);
  if (!hasFields && record.reason) return spelt(record.reason);
  const seen = record.fields.slice(0, PREVIEWED).flatMap(([name, current, next]) => {
    const before = current === UNKNOWN || current === null ? [] : [spelt(brief(tree(current), 40)), " → "];
    if (record.action === "delete") before.pop();
    const after = record.action === "delete" ? [] : spelt(brief(tree(next), 60));
    return [element("span", { class: "name" }, spelt(records.words[name])), " ", ...before.flat(), ...after, "  "];
  });
  const more = record.fields.length - PREVIEWED;
  return more > 0 ? [...seen, element("span", { class: "quiet" }, `and ${counted(more, "more field")}`)] : seen;
}

function detailsOfRecord(record, records, go) {
  const waits = record.waitsOn.map(([stream, id]) => button({ class: "as-link", onclick: () => go(stream, id) }, spelt(`${stream} ${id}`)));
  const by = record.written?.by ? `by run ${record.written.by}, ` : "";
  return [
    element(
      "dl", { class: "facts" },
      facts([
        ["Record", spelt(`${record.stream} ${record.sourceId}`)],
        ["Object of the CRM", record.object !== record.stream ? spelt(record.object) : ""],
        ["Id in the CRM", record.crmId ? spelt(record.crmId) : ""],
        [WHY[record.action], record.reason ? spelt(record.reason) : ""],
        ["Refers to", waits.length ? waits.flatMap((each, place) => (place ? [", ", each] : [each])) : ""],
        ["Last written", record.written ? `${by}${moment(record.written.at)}` : ""],
        ["Line of the plan", numbers.format(record.number)],
      ]),
    ),
    record.fields.length ? fieldsTable(record, records) : null,
    record.conflicts.length ? conflictsTable(record, records) : null,
    record.leftOut.length ? leftOut(record.columns) : null,
  ];
}

function fieldsTable(record, records) {
  const { action, fields } = record;
  const sent = fields.some((each) => each.length > 3);
  const headings = {
    create: ["Field", "Value"],
    delete: ["Field", "Value that goes"],
  }[action] ?? ["Field", "In the CRM now", "New"];
  const isPair = headings.length === 3;
  const rows = fields.map(([name, current, next, last]) => {
    const cells = isPair ? pairOfCells(current, next) : [shown(tree(action === "delete" && current !== UNKNOWN ? current : next))];
    return [spelt(records.words[name]), ...cells, ...(sent ? [last === undefined ? none("not kept") : shown(tree(last))] : [])];
  });
  return valuesTable(`Fields of ${record.stream} ${record.sourceId}`, [...headings, ...(sent ? ["Last sent"] : [])], rows);
}

function pairOfCells(current, next) {
  if (current === UNKNOWN) return [none("unknown: the CRM does not show it"), element("ins", {}, shown(tree(next)))];
  return pair(tree(current), tree(next));
}

function conflictsTable(record, records) {
  const sent = record.conflicts.some((each) => each.length > 3);
  const rows = record.conflicts.map(([name, current, next, last]) => [
    spelt(records.words[name]),
    ...pairOfCells(current, next),
    ...(sent ? [last === undefined ? none("not kept") : shown(tree(last))] : []),
  ]);
  const what = record.action === "reject" ? "The record waits for a decision." : "They stay as the CRM has them.";
  return element(
    "div", { class: "conflicts" },
    element("p", { class: "heading" }, element("b", {}, "Changed on both sides since they were last sent. "), what),
    valuesTable("Conflicts", ["Field", "In the CRM now", "At the source", ...(sent ? ["Last sent"] : [])], rows),
  );
}

// A table whose cells stand below one another where there is little room; its roles are said, since that undoes them.
function valuesTable(caption, headings, rows) {
  const cells = (row) => row.map((cell, place) => {
    const label = element("span", { class: "label", "aria-hidden": "true" }, headings[place]);
    if (!place) return element("th", { scope: "row", role: "rowheader" }, cell);
    return element("td", { role: "cell" }, label, element("div", {}, cell));
  });
  return element(
    "table", { class: `values of-${headings.length}`, role: "table" },
    element("caption", { class: "heard" }, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, headings.map((each) => element("th", { scope: "col", role: "columnheader" }, each)))),
    element("tbody", { role: "rowgroup" }, rows.map((row) => element("tr", { role: "row" }, cells(row)))),
  );
}

function leftOut(columns) {
  const names = columns.map((each) => element("li", {}, spelt(each)));
  return element("div", { class: "left-out" }, element("p", { class: "heading" }, element("b", {}, "Has a value, and is not sent:")), element("ul", { class: "chips" }, names));
}
