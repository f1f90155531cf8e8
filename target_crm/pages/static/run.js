// One run: its row in the list, and what is seen when it is open.

const OUTCOMES = ["created", "updated", "deleted", "rejected", "waiting", "skipped", "superseded", "unchanged"];
const QUIET = new Set(["unchanged", "superseded"]);

function outcomesOf(runs) {
  const sums = {};
  for (const run of runs) {
    for (const [name, number] of Object.entries(run.outcomes ?? {})) sums[name] = (sums[name] ?? 0) + number;
  }
  return sums;
}

function namesOf(sums) {
  const others = Object.keys(sums).filter((name) => !OUTCOMES.includes(name));
  return [...OUTCOMES, ...others].filter((name) => sums[name]);
}

function told(sums, names = namesOf(sums)) {
  return names.map((name) => `${numbers.format(sums[name])} ${name}`).join(" · ");
}

// How a run ended: a word, a class, a sentence.
function endOf(run) {
  const found = endings[String(run.exit_code)];
  if (found) return { word: found[0], kind: run.exit_code === 0 ? "done" : run.exit_code > 128 ? "stopped" : "failed", said: `${found[1]} (exit code ${run.exit_code})` };
  if (run.exit_code === null || run.exit_code === undefined) return { word: "killed, or running", kind: "open", said: "It was killed, or still runs: nobody wrote down an end." };
  return { word: `exit ${run.exit_code}`, kind: "failed", said: `Exit code ${run.exit_code}` };
}

function placeOf(run) {
  return [run.source_name, run.account_name].filter(Boolean).join(" → ");
}

function rowOfRun(run) {
  const end = endOf(run);
  const sums = run.outcomes ?? {};
  const seen = namesOf(sums).filter((name) => !QUIET.has(name));
  const spent = [
    run.dry_run ? "dry run" : "",
    Number.isFinite(run.seconds) ? duration(run.seconds) : "",
    run.refused_429 ? `${numbers.format(run.refused_429)} × 429` : "",
  ].filter(Boolean);
  return [
    element("span", { class: `badge ${end.kind}` }, end.word),
    element("span", { class: "ids" }, element("b", {}, Number.isFinite(run.time) ? shortly.format(run.time) : run.began_at)),
    element("span", { class: "place quiet" }, spelt(placeOf(run))),
    element("span", { class: "preview" }, run.requests === null ? "" : seen.length ? told(sums, seen) : told(sums) || "no record"),
    element("span", { class: "spent quiet" }, spent.join(" · ")),
  ];
}

function detailsOfRun(run) {
  const end = endOf(run);
  const most = run.quota?.per_minute ? ` of ${numbers.format(run.quota.per_minute)}` : "";
  const quota = Number.isFinite(run.quota?.used_most) ? `${numbers.format(run.quota.used_most)}${most} in its fullest minute` : "";
  const refused = run.refused_429 ? `, ${numbers.format(run.refused_429)} refused as too many (429)` : "";
  const requests = Number.isFinite(run.requests) ? `${numbers.format(run.requests)}${refused}` : "";
  return [
    element("dl", { class: "facts" }, facts([
      ["Run", element("code", {}, run.run_id)],
      ["Ended", end.said],
      ["From", moment(run.began_at)],
      ["To", run.ended_at ? moment(run.ended_at) : ""],
      ["Took", Number.isFinite(run.seconds) ? duration(run.seconds) : ""],
      ["Source", run.source_name ? spelt(run.source_name) : ""],
      ["CRM", crmName(run.crm)],
      ["Account", spelt(run.account_name === run.account ? `${run.account}` : `${run.account_name} (${run.account})`)],
      ["Dry run", run.dry_run ? "yes: nothing was written" : ""],
      ["Requests", requests],
      ["Quota", quota],
      ["Deleted", run.deleted ? numbers.format(run.deleted) : ""],
    ])),
    streamsTable(run),
    Object.keys(run.rejected_kinds ?? {}).length ? element("div", {}, element("p", { class: "heading" }, element("b", {}, "Rejected")), kindsList(run.rejected_kinds)) : null,
    leftOutOf(run),
  ];
}

function streamsTable(run) {
  const streams = Object.entries(run.streams ?? {});
  if (!streams.length) return null;
  const names = namesOf(outcomesOf(streams.map(([, outcomes]) => ({ outcomes }))));
  if (!names.length) return null;
  const rows = streams.map(([stream, outcomes]) => [spelt(stream), ...names.map((name) => outcomes[name] ?? 0)]);
  return numbersTable("Outcomes by stream", ["Stream", ...names], rows);
}

function leftOutOf(run) {
  const found = Object.entries(run.left_out ?? {}).flatMap(([stream, columns]) => Object.entries(columns).map(([column, number]) => [stream, column, number]));
  if (!found.length) return null;
  const names = found.map(([stream, column, number]) => element("li", {}, spelt(`${stream}.${column}`), ` (${numbers.format(number)})`));
  return element("div", {}, element("p", { class: "heading" }, element("b", {}, "Had a value, and were not sent (in so many records):")), element("ul", { class: "chips" }, names));
}

// Kinds of rejection, the most frequent first, each with its share as a bar, its meaning and its remedy.
function kindsList(sums) {
  const found = Object.entries(sums).sort((one, other) => other[1] - one[1]);
  const most = Math.max(...found.map(([, number]) => number));
  return element("ul", { class: "kinds" }, found.map(([kind, number]) => {
    const [meaning, remedy] = Object.hasOwn(meanings, kind) ? meanings[kind] : ["", ""];
    const bar = drawn("svg", { class: "share", "aria-hidden": "true", width: "100%", height: "12" }, drawn("rect", { class: "rejected", width: `${(100 * number) / most}%`, height: "12", rx: "2" }));
    return element(
      "li", {},
      element("div", { class: "kind-of" }, element("b", {}, numbers.format(number)), " ", spelt(kind), bar),
      meaning ? element("div", {}, withCode(meaning), " ", element("span", { class: "quiet" }, withCode(remedy))) : null,
    );
  }));
}

// Words between backquotes are what somebody types.
function withCode(text) {
  return text.split("`").map((part, place) => (place % 2 ? element("code", {}, part) : part));
}
