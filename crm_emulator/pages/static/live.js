// Keeps the request log and the quota meters fresh. The pages work without it.
"use strict";

const EVERY_MILLISECONDS = 1000;

const pause = document.getElementById("pause");
const state = document.getElementById("state");
const parts = [...document.querySelectorAll("[data-live]")];

async function refreshed(part) {
  const answer = await fetch(part.dataset.live);
  if (!answer.ok) throw new Error(answer.status);
  const text = await answer.text();
  // Made and escaped by the server. Left alone while somebody's focus is inside, and where nothing is new.
  if (text !== part.latest && !part.contains(document.activeElement)) {
    part.innerHTML = text;
    part.latest = text;
    const none = document.getElementById("no-rows");
    if (none && part.rows?.length) none.remove();
  }
}

async function refresh() {
  const paused = pause?.getAttribute("aria-pressed") === "true";
  let said = paused ? "Paused" : "Live";
  try {
    if (!paused) await Promise.all(parts.map(refreshed));
  } catch {
    said = "The emulator does not answer";
  }
  if (state && state.textContent !== said) state.textContent = said;
  setTimeout(refresh, EVERY_MILLISECONDS);
}

if (pause) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    const paused = pause.getAttribute("aria-pressed") === "true";
    pause.setAttribute("aria-pressed", String(!paused));
  });
}
if (parts.length) refresh();
