// The status page: asks the daemon every two seconds for one page of its databases, those that need
// an eye first, and writes into the document only what has changed.
"use strict";

const PACE = 2000, ROWS = 25;
const SIGNS = { 0: "M7 12.5l3.5 3.5L17 9", 1: "M12 6.8v6.4M12 17v.1", 2: "M8 8l8 8M16 8l-8 8", unknown: "M12 6.8v5.4l3 2" };
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);
const cards = new Map(); // by path
let offset = 0, timer = 0, asking = null, lastAnswer = 0;

// The token stays in this tab.
const token = () => sessionStorage.getItem("streamd-token") || "";

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
function make(tag, className, parent, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  parent.append(element);
  return element;
}
function draw(tag, parent) {
  const element = document.createElementNS(SVG, tag);
  parent.append(element);
  return element;
}

// Numbers for people.
function duration(seconds) {
  if (seconds < 0.95) return seconds < 0.005 ? "0 s" : seconds.toFixed(1) + " s";
  if (seconds < 90) return Math.round(seconds) + " s";
  if (seconds < 5400) return Math.round(seconds / 60) + " min";
  if (seconds < 172800) return Math.round(seconds / 3600) + " h";
  return Math.round(seconds / 86400) + " days";
}
function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  for (; bytes >= 1000 && at < units.length - 1; ++at) bytes /= 1024;
  return (at === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)) + " " + units[at];
}
// Making a format takes longer than using it a hundred times.
const TODAY = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const EARLIER = new Intl.DateTimeFormat([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
function moment(time) {
  if (!time) return "never";
  const date = new Date(time);
  return (date >= new Date().setHours(0, 0, 0, 0) ? TODAY : EARLIER).format(date);
}

function setTrouble(box, error, concern) {
  box.hidden = !error;
  if (!error) return;
  setAttribute(box, "data-concern", concern);
  setText(box.firstChild, error.message);
  setText(box.lastChild, error.hint);
  box.lastChild.hidden = !error.hint;
}
function makeTrouble(parent) {
  const box = make("div", "trouble", parent);
  make("span", "", box);
  make("span", "todo", box);
  box.hidden = true;
  return box;
}

function makeReplica(parent, name) {
  const box = make("section", "replica", parent);
  const left = make("div", "", box);
  const title = make("h3", "", left);
  make("span", "", title, name);
  const view = { box, state: make("span", "state", title), snapshot: make("p", "facts", left), verified: make("p", "facts", left) };
  const lag = make("div", "lag-box", box);
  make("span", "term", lag, "Behind now, and in the last hour");
  const row = make("div", "lag", lag);
  view.lag = make("span", "value", row);
  view.spark = draw("svg", row);
  view.spark.setAttribute("class", "spark");
  view.spark.setAttribute("viewBox", "0 0 60 20");
  view.spark.setAttribute("preserveAspectRatio", "none");
  view.spark.setAttribute("role", "img");
  const base = draw("line", view.spark);
  for (const [name_, value] of [["x1", 0], ["x2", 60], ["y1", 19.5], ["y2", 19.5]]) base.setAttribute(name_, value);
  view.line = draw("path", view.spark);
  view.waiting = make("p", "facts", lag);
  const line = make("div", "", box);
  view.windowTitle = make("span", "term", line, "Can be restored");
  view.band = draw("svg", line);
  view.band.setAttribute("class", "band");
  view.band.setAttribute("viewBox", "0 0 1000 10");
  view.band.setAttribute("preserveAspectRatio", "none");
  view.band.setAttribute("role", "img");
  const ends = make("div", "ends", line);
  view.from = make("span", "", ends);
  view.to = make("span", "", ends);
  view.trouble = makeTrouble(box);
  return view;
}

// The worst of each minute; a gap where nobody looked.
function sparkline(minutes) {
  const top = Math.max(2, ...minutes.map((lag) => lag || 0));
  let path = "", pen = "M";
  minutes.forEach((lag, minute) => {
    if (lag === null) { pen = "M"; return; }
    path += pen + (minute + 0.5) + " " + (19 - 18 * lag / top).toFixed(1);
    if (pen === "M") path += "h.01";
    pen = "L";
  });
  return path;
}

function showRestorable(view, spans) {
  const known = spans.length > 0;
  const first = known ? Date.parse(spans[0].first_time) : 0;
  const last = known ? Date.parse(spans[spans.length - 1].last_time) : 0;
  const whole = Math.max(1, last - first);
  const holes = Math.max(0, spans.length - 1);
  while (view.band.childNodes.length > spans.length) view.band.lastChild.remove();
  spans.forEach((span, number) => {
    const rect = view.band.childNodes[number] || draw("rect", view.band);
    const from = last === first ? 0 : (Date.parse(span.first_time) - first) / whole * 1000;
    const to = last === first ? 1000 : (Date.parse(span.last_time) - first) / whole * 1000;
    setAttribute(rect, "x", from.toFixed(1));
    setAttribute(rect, "width", Math.max(4, to - from).toFixed(1));
    setAttribute(rect, "height", 10);
  });
  const title = !known ? "Nothing can be restored from here yet" : "Can be restored" + (holes ? `, with ${holes} hole${holes > 1 ? "s" : ""}` : ", without a hole");
  setText(view.windowTitle, title);
  setAttribute(view.band, "aria-label", title);
  setText(view.from, known ? moment(spans[0].first_time) : "");
  setText(view.to, known ? moment(spans[spans.length - 1].last_time) : "");
}

function showReplica(view, replica) {
  setAttribute(view.box, "data-concern", replica.concern);
  setAttribute(view.state, "data-concern", replica.concern);
  setText(view.state, replica.state);
  setText(view.snapshot, replica.snapshot_time ? `Last snapshot ${moment(replica.snapshot_time)}` : "No snapshot yet");
  setText(view.verified, replica.proven_at ? `Last verified ${moment(replica.proven_at)}` : "Not verified yet");
  setText(view.lag, duration(replica.lag_seconds));
  setText(view.waiting, replica.bytes_waiting > 0 ? `${size(replica.bytes_waiting)} wait here` : "");
  setAttribute(view.line, "d", sparkline(replica.lag_minutes));
  setAttribute(view.spark, "aria-label", `Lag of the last hour, at most ${duration(Math.max(0, ...replica.lag_minutes.map((lag) => lag || 0)))}`);
  showRestorable(view, replica.restorable);
  setTrouble(view.trouble, replica.error, replica.concern);
}

function makeCard(path) {
  const box = document.createElement("li");
  box.className = "database";
  const title = make("div", "title", box);
  make("h2", "", title, path);
  const card = { box, state: make("span", "state", title), facts: make("p", "facts", box), trouble: makeTrouble(box), replicas: new Map() };
  return card;
}

function showCard(card, database) {
  setAttribute(card.box, "data-concern", database.concern);
  const own = database.error || database.state !== "live" ? Math.max(database.concern, 1) : 0;
  setAttribute(card.state, "data-concern", own);
  setText(card.state, database.state);
  const parts = [];
  if (database.txid !== null) parts.push(size(database.pages * database.page_size), `transaction ${database.txid}`);
  if (database.txid_time) parts.push(`last written ${moment(database.txid_time)}`);
  if (database.spool_bytes > 65536) parts.push(`${size(database.spool_bytes)} wait in the spool`);
  setText(card.facts, parts.join(" · "));
  setTrouble(card.trouble, database.error, own);
  const names = new Set(database.replicas.map((replica) => replica.name));
  for (const [name, view] of card.replicas) if (!names.has(name)) { view.box.remove(); card.replicas.delete(name); }
  for (const replica of database.replicas) {
    if (!card.replicas.has(replica.name)) card.replicas.set(replica.name, makeReplica(card.box, replica.name));
    showReplica(card.replicas.get(replica.name), replica);
  }
}

function showDatabases(databases) {
  const list = byId("databases");
  const paths = new Set(databases.map((database) => database.database));
  for (const [path, card] of cards) if (!paths.has(path)) { card.box.remove(); cards.delete(path); }
  databases.forEach((database, number) => {
    if (!cards.has(database.database)) cards.set(database.database, makeCard(database.database));
    const card = cards.get(database.database);
    showCard(card, database);
    if (list.children[number] !== card.box) list.insertBefore(card.box, list.children[number] || null);
  });
}

function showVerdict(concern, text, detail) {
  setAttribute(byId("verdict"), "data-concern", concern);
  setAttribute(byId("sign"), "d", SIGNS[concern]);
  setText(byId("verdict-text"), text);
  setText(byId("verdict-detail"), detail);
  const title = (concern === 0 ? "" : "(!) ") + text;
  if (document.title !== title) document.title = title;
}

function show(answer) {
  const { counts } = answer;
  const all = counts.safe + counts.attention + counts.not_safe;
  const behind = answer.furthest_lag_seconds < 0.05 ? "Everything that was written is on every replica." : `The furthest replica is ${duration(answer.furthest_lag_seconds)} behind.`;
  showVerdict(answer.verdict.concern, answer.verdict.text, behind);
  showDatabases(answer.databases);
  const end = answer.offset + answer.databases.length;
  byId("tools").hidden = all <= 1;
  byId("nothing").hidden = answer.total !== 0;
  setText(byId("range"), answer.total === 0 ? "0" : `${answer.offset + 1}–${end} of ${answer.total}`);
  byId("before").disabled = answer.offset === 0;
  byId("after").disabled = end >= answer.total;
  if (answer.total > 0 && answer.offset >= answer.total) { offset = 0; ask(); }
  setText(byId("daemon"), `streamd ${answer.daemon.version}, running since ${moment(answer.daemon.started)}`);
}

function showSilence() {
  const since = lastAnswer ? `Its last answer is ${duration((Date.now() - lastAnswer) / 1000)} old; what is below is as of then.` : "Is it running, and is this its address?";
  showVerdict(2, "streamd does not answer", since);
}

function showAskToken() {
  const form = byId("ask-token");
  byId("token-wrong").hidden = form.hidden || !token();
  if (form.hidden) { form.hidden = false; byId("token").focus(); }
  showVerdict("unknown", "streamd", "");
}

async function ask() {
  clearTimeout(timer);
  if (asking) asking.abort();
  const mine = asking = new AbortController();
  const limit = setTimeout(() => mine.abort(), 10000);
  const query = new URLSearchParams({ offset, limit: ROWS, filter: byId("filter").value.trim() });
  try {
    const headers = token() ? { Authorization: "Bearer " + token() } : {};
    const reply = await fetch("api/status?" + query, { headers, signal: mine.signal, cache: "no-store" });
    if (reply.status === 401) return showAskToken();
    if (!reply.ok) throw new Error(reply.status);
    const answer = await reply.json();
    if (mine !== asking) return;
    byId("ask-token").hidden = true;
    lastAnswer = Date.now();
    show(answer);
  } catch (problem) {
    if (mine === asking) showSilence();
  } finally {
    clearTimeout(limit);
    if (mine === asking) timer = setTimeout(ask, PACE);
  }
}

let typing = 0;
byId("filter").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => { offset = 0; ask(); }, 150); });
byId("before").addEventListener("click", () => { offset = Math.max(0, offset - ROWS); ask(); });
byId("after").addEventListener("click", () => { offset += ROWS; ask(); });
byId("ask-token").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("streamd-token", byId("token").value.trim());
  ask();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
ask();
