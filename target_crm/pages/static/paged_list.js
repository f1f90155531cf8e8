// A long list, a page at a time: arrow keys move in it, Enter opens a row, Escape closes it.

const ROWS_OF_A_PAGE = 50;
const ROWS_OF_PAPER = 1000;

class PagedList {
  // list: the element that takes the rows; pager: the one that takes the buttons;
  // summary(item): the nodes of a row; details(item): what is seen when it is open; name(item): unique on the page;
  // isPrintedOpen: whether paper gets the details of every row, or of those alone that are open.
  // onTurn(isAllOpen): called when other rows are shown, or when they are opened.
  constructor({ list, pager, summary, details, name, kind, isPrintedOpen = false, onTurn = () => {} }) {
    Object.assign(this, { list, pager, summary, details, name, kind, isPrintedOpen, onTurn });
    this.place = element("span", { class: "page", role: "status" });
    this.all = [];
    this.first = 0;
    this.size = ROWS_OF_A_PAGE;
    this.opened = new Set();
    list.addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("beforeprint", () => this.#print());
    addEventListener("afterprint", () => this.#turn(this.beforePrint ?? 0));
  }

  show(items) {
    this.all = items;
    this.opened.clear();
    this.#turn(0);
  }

  // Show the page on which an item is, open it, and go there.
  reveal(item) {
    const place = this.all.indexOf(item);
    if (place < 0) return false;
    this.opened.add(this.name(item));
    this.#turn(place - (place % this.size));
    this.#focus(place % this.size);
    return true;
  }

  openAll(isOpen) {
    const items = this.all.slice(this.first, this.first + this.size);
    for (const item of items) this.opened[isOpen ? "add" : "delete"](this.name(item));
    this.#turn(this.first);
  }

  #turn(first) {
    this.first = Math.max(0, Math.min(first, this.all.length - 1));
    const items = this.all.slice(this.first, this.first + this.size);
    this.list.replaceChildren(...items.map((item, place) => this.#row(item, place)));
    this.pager.replaceChildren(...this.#buttons());
    this.onTurn(items.length > 0 && items.every((item) => this.opened.has(this.name(item))));
  }

  #row(item, place) {
    const name = this.name(item);
    const id = `opened-${name}`;
    const row = button({ class: "row", id: `row-${name}`, tabindex: place ? -1 : 0 }, this.summary(item));
    const made = element("li", { class: this.kind(item) }, row);
    const toggle = (isOpen) => {
      this.opened[isOpen ? "add" : "delete"](name);
      row.setAttribute("aria-expanded", String(isOpen));
      made.querySelector(":scope > .opened")?.remove();
      row[isOpen ? "setAttribute" : "removeAttribute"]("aria-controls", id);
      if (isOpen) made.append(element("div", { class: "opened", id }, this.details(item)));
    };
    row.addEventListener("click", () => toggle(row.getAttribute("aria-expanded") !== "true"));
    row.addEventListener("focus", () => {
      this.list.querySelectorAll(".row[tabindex='0']").forEach((each) => each.setAttribute("tabindex", "-1"));
      row.setAttribute("tabindex", "0");
    });
    toggle(this.opened.has(name));
    return made;
  }

  #buttons() {
    if (this.all.length <= this.size) return [];
    const pages = Math.ceil(this.all.length / this.size);
    const page = Math.floor(this.first / this.size);
    const leading = (words, to) => {
      const turn = () => {
        this.#turn(to * this.size);
        const found = [...this.pager.querySelectorAll("button:not([disabled])")];
        (found.find((each) => each.textContent === words) ?? found[0]).focus();
        this.list.scrollIntoView({ block: "start" });
      };
      return button({ disabled: to < 0 || to >= pages || to === page, onclick: turn }, words);
    };
    this.place.textContent = `Page ${numbers.format(page + 1)} of ${numbers.format(pages)}`;
    return [leading("First", 0), leading("Previous", page - 1), this.place, leading("Next", page + 1), leading("Last", pages - 1)];
  }

  #pressed(event) {
    const rows = [...this.list.querySelectorAll(".row")];
    const item = event.target.closest("li");
    const place = rows.indexOf(event.target);
    if (event.key === "Escape") {
      const row = rows.find((each) => each.parentElement.contains(event.target));
      if (row?.getAttribute("aria-expanded") !== "true") return;
      row.click();
      row.focus();
      event.preventDefault();
    }
    if (place < 0 || !item || event.ctrlKey || event.altKey || event.metaKey) return;
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to >= rows.length) {
      if (this.first + this.size >= this.all.length) return;
      this.#turn(this.first + this.size);
      this.#focus(0);
    } else if (to < 0) {
      if (this.first === 0) return;
      this.#turn(this.first - this.size);
      this.#focus(this.size - 1);
    } else this.#focus(to);
  }

  #focus(place) {
    this.list.querySelectorAll(".row")[place]?.focus();
  }

  // Paper has no buttons: it gets everything that is chosen; of very many rows the first ones.
  #print() {
    this.beforePrint = this.first;
    const size = this.size;
    const opened = new Set(this.opened);
    this.size = ROWS_OF_PAPER;
    const items = this.all.slice(0, this.size);
    if (this.isPrintedOpen) for (const item of items) this.opened.add(this.name(item));
    this.#turn(0);
    const left = this.all.length - items.length;
    this.pager.replaceChildren(left ? `The first ${numbers.format(items.length)} are printed, ${numbers.format(left)} are not.` : "");
    this.size = size;
    this.opened = opened;
  }
}
