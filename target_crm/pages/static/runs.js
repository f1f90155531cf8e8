// The page of the runs.

const { runs: given, endings, meanings, made_at: madeAt } = JSON.parse(byId("data").textContent);
// A run that was killed tells no name of its account; another one of the account may.
const accountNames = new Map(given.filter((run) => run.account_name).map((run) => [`${run.crm} ${run.account}`, run.account_name]));
// Records that the source no longer has are deleted without being part of the input, so that outcomes lack them.
const runs = given.map((run) => ({
  ...run,
  time: Date.parse(run.began_at),
  place: JSON.stringify([run.crm, run.account, run.source_name]),
  account_name: accountNames.get(`${run.crm} ${run.account}`) ?? run.account,
  outcomes: { ...run.outcomes, ...(run.deleted ? { deleted: run.deleted } : {}) },
}));
const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const fields = { search: byId("search"), place: byId("place"), period: byId("period"), end: byId("end") };
const outcomesChart = new Chart(byId("outcomes"));
const quotaChart = new Chart(byId("quota"));
const list = new PagedList({
  list: byId("runs"),
  pager: byId("pager"),
  name: (run) => runs.indexOf(run),
  kind: (run) => `run ${endOf(run).kind}`,
  summary: rowOfRun,
  details: detailsOfRun,
});

function head() {
  const places = new Set(runs.map((run) => run.place));
  const times = runs.map((run) => run.time).filter(Number.isFinite);
  const from = times.length ? `, ${days.formatRange(least(times), -least(times.map((time) => -time)))}` : "";
  byId("lead").textContent = runs.length ? `${counted(runs.length, "run")} of ${counted(places.size, "source")}${from}.` : "The ledger knows of no run.";
  byId("made").textContent = madeAt ? `Made ${moment(madeAt)}.` : "";
}

// What somebody should know first: whose last run did not end well.
function alarms() {
  const last = new Map();
  for (const run of runs) if (!run.dry_run && !(last.get(run.place)?.time >= run.time)) last.set(run.place, run);
  const ill = [...last.values()].filter((run) => run.exit_code !== 0);
  byId("alarms").replaceChildren(...ill.map((run) => {
    const show = button({ onclick: () => reveal(run) }, "Show it");
    return element("p", { class: "alarm" }, element("span", {}, element("b", {}, "The last run of ", spelt(placeOf(run)), ": "), endOf(run).said), show);
  }));
}

function options() {
  const add = (select, found) => select.append(...found.map(([value, words]) => element("option", { value }, words)));
  const places = [...new Map(runs.map((run) => [run.place, run])).values()];
  add(fields.place, places.map((run) => [run.place, `${placeOf(run)} (${crmName(run.crm)})`]));
  add(fields.end, [...new Set(runs.map((run) => endOf(run).word))].sort().map((word) => [word, word]));
}

// The runs that are chosen, newest first.
function chosen() {
  const [search, place, period, end] = Object.values(fields).map((input) => input.value);
  const newest = -least(runs.map((run) => -run.time).filter(Number.isFinite));
  const wanted = folded(search).split(/\s+/).filter(Boolean);
  return runs.filter((run) => {
    if (place && run.place !== place) return false;
    if (period && !(run.time > newest - Number(period) * DAY)) return false;
    if (end && endOf(run).word !== end) return false;
    run.text ??= folded([run.run_id, placeOf(run), run.account, crmName(run.crm), moment(run.began_at), run.began_at, ...Object.keys(run.streams ?? {}), ...Object.keys(run.rejected_kinds ?? {})].join("\n"));
    return wanted.every((each) => run.text.includes(each));
  });
}

let shownFor = null;

// Show what is chosen. Where that is shown already, the list stays as it is: somebody may be reading it.
function refresh() {
  const kept = JSON.stringify([...Object.values(fields).map((input) => input.value), byId("with-unchanged").checked]);
  if (kept === shownFor) return;
  shownFor = kept;
  const found = chosen();
  const written = found.filter((run) => !run.dry_run);
  list.show(found);
  byId("count").textContent = found.length === runs.length ? counted(found.length, "run") : `${numbers.format(found.length)} of ${counted(runs.length, "run")}`;
  byId("nothing").hidden = found.length > 0;
  byId("reset").hidden = found.length === runs.length && !Object.values(fields).some((input) => input.value);
  showOutcomes(written);
  showKinds(written);
  showQuota(found);
}

function showOutcomes(found) {
  const { by, bars } = spans(found);
  const sums = outcomesOf(found);
  const all = namesOf(sums);
  byId("with-unchanged").parentElement.hidden = !all.some((name) => QUIET.has(name));
  const names = all.filter((name) => byId("with-unchanged").checked || !QUIET.has(name));
  const each = bars.map((bar) => ({ ...bar, sums: outcomesOf(bar.runs) }));
  byId("outcomes-title").textContent = `Outcomes by ${by}`;
  byId("legend").replaceChildren(...names.map((name) => element("li", {}, swatch(name), ` ${numbers.format(sums[name])} ${name}`)));
  outcomesChart.show({
    bars: each.map((bar) => ({
      label: labelOf(bar, by, bars),
      parts: names.map((name) => [name, bar.sums[name] ?? 0]),
      said: `${bar.name}: ${told(bar.sums) || (bar.runs.length ? "nothing" : "no run")}`,
      go: bar.runs.length ? () => reveal(bar.runs.at(-1)) : null,
    })),
    says: `Outcomes by ${by}: ${told(sums) || "none"}. The table below holds the numbers.`,
  });
  const rows = each.filter((bar) => bar.runs.length).reverse().map((bar) => [bar.name, ...all.map((name) => bar.sums[name] ?? 0)]);
  byId("outcomes-table").replaceChildren(all.length ? numbersTable(`Outcomes by ${by}`, [by, ...all], rows) : "");
  byId("outcomes-part").hidden = !found.length;
}

function labelOf(bar, by, bars) {
  if (by !== "run") return bar.name.replace("week of ", "");
  return bars.at(-1).time - bars[0].time < DAY ? bar.name.split(", ").at(-1) : dayAndMonth.format(bar.time);
}

function swatch(name) {
  return drawn("svg", { class: "swatch", width: "14", height: "14", "aria-hidden": "true" }, drawn("rect", { class: name, width: "14", height: "14", rx: "2" }));
}

function showKinds(found) {
  const sums = {};
  for (const run of found) {
    for (const [kind, number] of Object.entries(run.rejected_kinds ?? {})) sums[kind] = (sums[kind] ?? 0) + number;
  }
  const any = Object.keys(sums).length > 0;
  byId("kinds-part").hidden = !any;
  byId("kinds").replaceChildren(any ? kindsList(sums) : "");
}

function showQuota(found) {
  const known = found.filter((run) => run.quota?.per_minute && Number.isFinite(run.quota.used_most));
  const { by, bars } = spans(known);
  const share = (run) => Math.round((100 * run.quota.used_most) / run.quota.per_minute);
  byId("quota-part").hidden = !known.length;
  byId("quota-title").textContent = `Quota used in the fullest minute, by ${by}`;
  const each = bars.map((bar) => ({ ...bar, most: Math.max(0, ...bar.runs.map(share)), sum: (name) => bar.runs.reduce((sum, run) => sum + (run[name] ?? 0), 0) }));
  const refused = known.reduce((sum, run) => sum + (run.refused_429 ?? 0), 0);
  const all = counted(known.reduce((sum, run) => sum + (run.requests ?? 0), 0), "request");
  byId("quota-said").textContent = `${all}, ${refused ? numbers.format(refused) : "none"} of them refused as too many (429).`;
  byId("quota-legend").replaceChildren(...[["used", "none refused"], ["refused", "some refused"]].map(([kind, words]) => element("li", {}, swatch(kind), ` ${words}`)));
  quotaChart.show({
    bars: each.map((bar) => ({
      label: labelOf(bar, by, bars),
      parts: [[bar.sum("refused_429") ? "refused" : "used", bar.most]],
      said: `${bar.name}: ${bar.most} % of a minute’s quota, ${counted(bar.sum("requests"), "request")}, ${numbers.format(bar.sum("refused_429"))} × 429`,
      go: bar.runs.length ? () => reveal(bar.runs.at(-1)) : null,
    })),
    unit: " %",
    top: 100,
    says: `The share of a minute’s quota that was used at most, by ${by}. The table below holds the numbers.`,
  });
  const rows = each.filter((bar) => bar.runs.length).reverse().map((bar) => [bar.name, `${bar.most} %`, bar.sum("requests"), bar.sum("refused_429")]);
  byId("quota-table").replaceChildren(numbersTable("Quota used", [by, "quota", "requests", "429"], rows));
}

function reveal(run) {
  if (list.reveal(run)) return;
  reset();
  list.reveal(run);
}

function reset() {
  for (const input of Object.values(fields)) input.value = "";
  refresh();
}

for (const name of ["place", "period", "end"]) fields[name].addEventListener("change", refresh);
fields.search.addEventListener("input", later(refresh, 150));
searchKeys(fields.search, byId("runs"), refresh);
byId("with-unchanged").addEventListener("change", refresh);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("reset").addEventListener("click", () => {
  reset();
  fields.search.focus();
});
head();
alarms();
options();
refresh();
document.documentElement.dataset.ready = "";
