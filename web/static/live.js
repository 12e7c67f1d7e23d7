// Keeps an open page fresh: asks again every five seconds and exchanges what changed.
// Without it the page works the same, and is as old as its last loading.
"use strict";

const EVERY = 5000;
const TRUSTED = 15000; // unheard for longer, the page says that it must not be relied on
let tag = "";
let heard = Date.now();

function beingFilled(part) {
  const focused = document.activeElement;
  return part.contains(focused) && focused.matches("input, select, textarea");
}

function exchange(fresh) {
  const sentence = () => document.getElementById("sentence")?.textContent;
  const before = sentence();
  const focused = document.activeElement?.getAttribute("href");
  let whole = true;
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (beingFilled(part)) whole = false;
    else if (other) part.replaceWith(document.adoptNode(other));
  }
  document.title = fresh.title;
  document.getElementById("icon").href = fresh.getElementById("icon").href;
  if (focused) document.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  if (sentence() !== before) document.getElementById("told").textContent = sentence() ?? "";
  return whole;
}

async function refresh() {
  try {
    const answer = await fetch(location.href, {
      cache: "no-store",
      headers: tag ? { "If-None-Match": tag } : {},
      signal: AbortSignal.timeout(EVERY),
    });
    if (answer.redirected) return location.reload(); // the login has ended
    if (answer.status === 200) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      tag = exchange(page) ? answer.headers.get("ETag") : "";
    }
    if (answer.status === 200 || answer.status === 304) heard = Date.now();
  } catch {
    // not heard: the next lines tell it when it lasts
  }
  const lost = Date.now() - heard > TRUSTED;
  document.getElementById("lost").hidden = !lost;
  document.documentElement.classList.toggle("is-lost", lost);
}

setInterval(refresh, EVERY);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
