// "/" goes to the search, Escape empties it, Enter and the arrow down lead from it to the list.

function searchKeys(search, list, refresh) {
  addEventListener("keydown", (event) => {
    const isTyped = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
    if (event.key === "/" && !isTyped && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });
  search.addEventListener("keydown", (event) => {
    const goes = event.key === "ArrowDown" || event.key === "Enter";
    if (!goes && !(event.key === "Escape" && search.value)) return;
    if (!goes) search.value = "";
    event.preventDefault();
    refresh();
    if (goes) list.querySelector(".row")?.focus();
  });
}
