// The records of a plan as the data holds them, and which of them are chosen.

const UNKNOWN = 0; // in place of a value that the CRM did not show

// A record. It stays the list that the data gives (plan_page.py) until somebody looks at it: there may be very many.
class PlanRecord {
  constructor(given, plan) {
    this.given = given;
    this.plan = plan;
    this.text = undefined;
  }

  get number() { return this.given[0]; }
  get stream() { return this.plan.words[this.given[1]]; }
  get action() { return this.plan.actions[this.given[2]]; }
  get sourceId() { return this.given[3]; }
  get crmId() { return this.given[4]; }
  get reason() { return this.plan.words[this.given[5]]; }
  get fields() { return this.given[6]; }
  get leftOut() { return this.given[7]; }
  get conflicts() { return this.given[8]; }
  get waitsOn() { return this.given[9].map(([stream, id]) => [this.plan.words[stream], id]); }
  get written() { return this.given[10].length ? { by: this.plan.words[this.given[10][0]], at: this.given[10][1] } : null; }
  get object() { return this.plan.words[this.given[11]]; }
  get columns() { return this.leftOut.map((each) => this.plan.words[each]); }

  // Whatever can be searched in it, folded: its ids, every value, why.
  get searched() {
    if (this.text !== undefined) return this.text;
    const values = [...this.fields, ...this.conflicts].flatMap(([, ...each]) => each);
    const texts = values.map((each) => (Array.isArray(each) ? textOfJson(each[0]) : each === UNKNOWN ? "" : each));
    const waits = this.waitsOn.map(([, id]) => id);
    this.text = folded([this.sourceId, this.crmId, this.reason, ...texts, ...waits].join("\n"));
    return this.text;
  }
}

class PlanRecords {
  constructor({ records, words, actions }) {
    Object.assign(this, { words, actions });
    this.all = records.map((given) => new PlanRecord(given, this));
    this.tally = this.#tally();
  }

  // Numbers of records: by stream and action; by field written, in conflict and left out, the most frequent first.
  #tally() {
    const kinds = this.actions.length;
    const ways = new Uint32Array(this.words.length * kinds);
    const [written, inConflict, leftOut] = [0, 1, 2].map(() => new Uint32Array(this.words.length));
    for (const { given } of this.all) {
      ways[given[1] * kinds + given[2]]++;
      for (const [name] of given[6]) written[name]++;
      for (const [name] of given[8]) inConflict[name]++;
      for (const name of given[7]) leftOut[name]++;
    }
    const ranked = (counts) => {
      const found = this.words.map((word, place) => [word, counts[place]]).filter(([, number]) => number);
      return found.sort((one, other) => other[1] - one[1] || one[0].localeCompare(other[0]));
    };
    const byStream = new Map();
    this.words.forEach((word, place) => {
      const counts = ways.subarray(place * kinds, (place + 1) * kinds);
      if (counts.some(Boolean)) byStream.set(word, Object.fromEntries(this.actions.map((action, kind) => [action, counts[kind]])));
    });
    return { byStream, written: ranked(written), inConflict: ranked(inConflict), leftOut: ranked(leftOut) };
  }

  count(stream, action) {
    return this.tally.byStream.get(stream)?.[action] ?? 0;
  }

  find(stream, sourceId) {
    return this.all.find((record) => record.sourceId === sourceId && record.stream === stream);
  }

  // search: words that must all be in a record; stream, action: names, or empty for any;
  // field: empty for any, or changed:NAME, left:NAME or conflict:NAME.
  chosen({ search, stream, action, field }) {
    const wanted = folded(search).split(/\s+/).filter(Boolean);
    const [part, name] = field ? [field.slice(0, field.indexOf(":")), field.slice(field.indexOf(":") + 1)] : ["", ""];
    const word = this.words.indexOf(name);
    const holds = {
      "": () => true,
      changed: (record) => record.fields.some(([each]) => each === word),
      left: (record) => record.leftOut.includes(word),
      conflict: (record) => record.conflicts.some(([each]) => each === word),
    }[part] ?? (() => false);
    return this.all.filter((record) => {
      if ((stream && record.stream !== stream) || (action && record.action !== action) || !holds(record)) return false;
      return !wanted.length || wanted.every((each) => record.searched.includes(each));
    });
  }

  // Make the searched texts while nobody waits for them.
  prepare(from = 0) {
    const until = Math.min(from + 1000, this.all.length);
    for (let place = from; place < until; place++) this.all[place].searched;
    if (until < this.all.length) setTimeout(() => this.prepare(until), 20);
  }
}

const TEXTS = /"[^"]*":?|-?\d[\d.eE+-]*|true|false/g; // a name ends with its colon

// The texts and numbers of a JSON text, without the names in it. To parse every one would take a second of somebody's time.
function textOfJson(json) {
  if (json.includes("\\")) return scalars(tree([json])).join("\n");
  return (json.match(TEXTS) ?? []).filter((each) => !each.endsWith(":")).join("\n");
}
