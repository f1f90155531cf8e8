// The records of a plan as the data holds them, and which of them are chosen.

const UNKNOWN = 0; // in place of a value that the CRM did not show

class PlanRecords {
  constructor({ records, words, actions }) {
    this.words = words;
    this.all = records.map((given) => {
      const [number, stream, action, sourceId, crmId, reason, fields, leftOut, conflicts, waitsOn, written, object] = given;
      const [by, at] = written;
      return {
        number, sourceId, crmId, fields, leftOut, conflicts,
        stream: words[stream], action: actions[action], reason: words[reason], object: words[object],
        waitsOn: waitsOn.map(([parent, id]) => [words[parent], id]),
        written: written.length ? { by: words[by], at } : null,
      };
    });
  }

  // The number of records by a word of each, the most frequent first.
  counts(wordsOf) {
    const found = new Map();
    for (const record of this.all) {
      for (const word of new Set(wordsOf(record))) found.set(word, (found.get(word) ?? 0) + 1);
    }
    return [...found].sort((one, other) => other[1] - one[1] || String(one[0]).localeCompare(String(other[0])));
  }

  names(entries) {
    return entries.map(([name]) => this.words[name]);
  }

  columns(record) {
    return record.leftOut.map((each) => this.words[each]);
  }

  find(stream, sourceId) {
    return this.all.find((record) => record.stream === stream && record.sourceId === sourceId);
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
      return !wanted.length || wanted.every((each) => this.#text(record).includes(each));
    });
  }

  // Make the searched texts while nobody waits for them.
  prepare(from = 0) {
    const until = Math.min(from + 2000, this.all.length);
    for (let place = from; place < until; place++) this.#text(this.all[place]);
    if (until < this.all.length) setTimeout(() => this.prepare(until), 30);
  }

  // Whatever can be searched in a record: its ids, every value, why.
  #text(record) {
    if (record.text !== undefined) return record.text;
    const values = [...record.fields, ...record.conflicts].flatMap(([, ...each]) => each);
    const texts = values.map((each) => (Array.isArray(each) ? textOfJson(each[0]) : each === UNKNOWN ? "" : each));
    const waits = record.waitsOn.map(([, id]) => id);
    record.text = folded([record.sourceId, record.crmId, record.reason, ...texts, ...waits].join("\n"));
    return record.text;
  }
}

// The texts and numbers of a JSON text; a bare one is quicker as it stands.
function textOfJson(json) {
  return /[[{]/.test(json[0]) ? scalars(tree([json])).join("\n") : json;
}
