// Keeps an open page fresh: asks again every five seconds, every second while a check runs, and exchanges what changed.
// Without it the page works the same, and is as old as its last loading.
"use strict";

const EVERY = 5000;
const QUICK = 1000;
const EAGER = 60000; // a check that was asked for begins within this time, or not at all
const TRUSTED = 15000; // unheard for longer, the page says that it must not be relied on
const loaded = Date.now();
let tag = "";
let heard = Date.now();

function changed(field) {
  if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex(each => each.defaultSelected));
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
}

function beingFilled(part) {
  const fields = [...part.querySelectorAll("input, select, textarea")];
  return fields.some(each => each === document.activeElement || changed(each));
}

function told() {
  return ["sentence", "ended"].map(id => document.getElementById(id)?.textContent.replace(/\s+/g, " ").trim() ?? "");
}

function bare(part) {
  const own = part.cloneNode(true);
  for (const each of own.querySelectorAll("[data-live]")) each.replaceChildren(); // compared and exchanged for itself
  return own.outerHTML.replace(/(name="csrf_token" value=")[^"]*/g, "$1"); // tokens differ at every rendering
}

function exchange(fresh) {
  const before = told();
  const focused = document.activeElement?.getAttribute("href");
  const open = [...document.querySelectorAll("details")].map(each => each.open);
  let whole = true;
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (!other || bare(part) === bare(other)) continue; // a lamp keeps its rhythm, a button its focus
    if (beingFilled(part)) whole = false;
    else part.replaceWith(document.adoptNode(other));
  }
  const token = fresh.querySelector("[name=csrf_token]")?.value;
  for (const each of document.querySelectorAll("[name=csrf_token]")) each.value = token ?? each.value;
  document.querySelectorAll("details").forEach((each, place) => (each.open = open[place] ?? each.open));
  document.title = fresh.title;
  document.getElementById("icon").href = fresh.getElementById("icon").href;
  if (focused) document.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  const news = told().filter((said, place) => said && said !== before[place]);
  if (news.length) document.getElementById("told").textContent = news.join(" ");
  const begun = document.querySelector("#asking progress") || told()[1] !== before[1];
  if (begun) document.querySelector("[data-asked]")?.remove(); // the check speaks for itself now
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

function pause() {
  const eager = document.querySelector("[data-asked]") && Date.now() - loaded < EAGER;
  return eager || document.querySelector("#asking progress") ? QUICK : EVERY;
}

async function again() {
  await refresh();
  setTimeout(again, pause());
}

setTimeout(again, pause());
document.addEventListener("visibilitychange", () => document.hidden || refresh());
