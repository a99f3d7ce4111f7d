// The page /verify: a receipt by paste, drop, file or link is checked here, and sent nowhere.
import { readReceipt, textInLink, toBase64, verifyPromise, verifyReceipt } from "./receipt.js";

const page = document.getElementById("verify");
const words = JSON.parse(page.dataset.words);
const trust = JSON.parse(page.dataset.trust);
const result = document.getElementById("result");
const ask = document.getElementById("ask");
const field = document.getElementById("receipt");
const file = document.getElementById("receipt-file");
const kept = "hefu-receipt";  // over a change of language only
const largestFile = 200_000;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const say = (words, values) => words.replace(/\{(\w+)\}/g, (_, key) => values[key]);

// Microseconds since 1970 as the clocks in Shanghai show them, to the second.
function inShanghai(microseconds) {
  const date = new Date(Number(microseconds / 1000n) + 8 * 3_600_000);
  if (Number.isNaN(date.getTime())) return `${microseconds}`;
  return `${date.toISOString().slice(0, 19).replace("T", " ")} (UTC+8)`;
}

const yuan = (fen) => `¥${(fen / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;
const percent = (bp) => `${bp / 100}%`;

function valueIn(key, value) {
  const known = words.values[key] ?? {};
  if (value === null) return words.none;
  if (typeof value === "boolean") return value ? words.yes : words.no;
  if (key === "shares") return value.map(([channel, bp]) => `${channel} ${percent(bp)}`).join(", ") || words.none;
  if (Array.isArray(value)) return value.map((one) => known[one] ?? one).join(", ") || words.none;
  if (key.endsWith("_fen")) return yuan(value);
  if (key.endsWith("_bp")) return percent(value);
  if (key.endsWith("_at") && !Number.isNaN(Date.parse(value))) return inShanghai(BigInt(Date.parse(value)) * 1000n);
  return known[value] ?? `${value}`;
}

// The event of a fact as its form is; the text as it stands where it is no JSON of ours.
function fieldsOf(event) {
  const text = new TextDecoder().decode(event);
  try {
    return Object.entries(JSON.parse(text)).map(([key, value]) => [words.fields[key] ?? key, valueIn(key, value)]);
  } catch {
    return [["", text]];
  }
}

function factCard({ kind, at, event }) {
  const pairs = fieldsOf(event).map(([name, value]) => element("div", {},
    element("dt", {}, name), element("dd", {}, value)));
  return element("section", { class: "card" },
    element("h2", {}, words.kinds[kind] ?? kind),
    element("p", { class: "when" }, inShanghai(at)),
    element("dl", { class: "facts" }, ...pairs));
}

function banner(kind, sign, word, ...more) {
  const mark = element("span", { class: "sign", "aria-hidden": "true" }, sign);
  return element("section", { class: `status ${kind}` }, element("p", { class: "word" }, mark, word), ...more);
}

function line(text, code, sign = "✓") {
  const mark = element("span", { class: "sign", "aria-hidden": "true" }, sign);
  return element("li", {}, mark, element("span", {}, text, ...(code ? [" ", element("code", { class: "wrap" }, code)] : [])));
}

function keyLine(key) {
  if (key.compromised_at === null) return line(key.ended ? words.key_ended : words.key_now, key.vkey);
  return line(say(words.key_stolen, { at: inShanghai(BigInt(key.compromised_at)) }), key.vkey);
}

function proven(text) {
  const { opening, index, head } = verifyReceipt(text, trust);
  const seen = head.cosignatures.map(({ witness, at }) => line(say(words.witness, { label: witness.label, at: inShanghai(at * 1_000_000n) })));
  const lines = [
    line(say(words.entry, { origin: head.origin, index, size: head.size })),
    line(words.root, toBase64(head.root)),
    keyLine(head.logKey),
    ...(seen.length ? seen : [line(words.nobody, "", "!")]),
  ];
  return [banner("green", "✓", words.proven), factCard(opening), element("ul", { class: "card checks" }, ...lines)];
}

// A promise is no proof: it says until when the log owes one.
function promised(text) {
  const { at, due, logKey } = verifyPromise(text, trust);
  const isOverdue = BigInt(Date.now()) * 1000n >= due;
  const said = { at: inShanghai(at), due: inShanghai(due) };
  const lines = [words.accepted, isOverdue ? words.overdue : words.owed].map((one) => element("p", {}, say(one, said)));
  const shown = isOverdue ? banner("red", "!", words.promised, ...lines) : banner("amber", "!", words.promised, ...lines);
  return [shown, element("ul", { class: "card checks" }, keyLine(logKey))];
}

function refused(text, error) {
  const why = element("p", {}, words[error.code] ?? words.UNREADABLE);
  const shown = [banner("red", "✕", words.refused, why)];
  try {
    const { opening } = readReceipt(text);
    shown.push(element("p", { class: "claim" }, words.claim), factCard(opening));
  } catch { /* it claims nothing that could be read */ }
  return shown;
}

function show(shown) {
  result.replaceChildren(...shown);
  result.focus();
}

const isPromise = (text) => /^[A-Za-z0-9_-]{100,}$/.test(text.trim());
const isLink = (text) => /^\s*https?:\/\/\S+#\S+\s*$/.test(text);

async function check(given) {
  let text = given.replaceAll("\r\n", "\n");
  try {
    if (isLink(text)) text = await textInLink(text);
    // Who pastes a receipt may lose the last newline or add some.
    if (text.includes("\n\n")) text = `${text.trim()}\n`;
    field.value = text;
    show(isPromise(text) ? promised(text.trim()) : proven(text));
  } catch (error) {
    if (!error.code) throw error;
    show(refused(text, error));
  }
}

async function checkFile(chosen) {
  if (!chosen) return;
  if (chosen.size > largestFile) show(refused("", { code: "UNREADABLE" }));
  else await check(await chosen.text());
}

// A link brings the receipt in its fragment; it does not stay in the address bar.
async function checkFragment() {
  const fragment = location.hash.slice(1);
  if (!fragment || fragment === "main") return;
  history.replaceState(null, "", location.pathname);
  if (typeof DecompressionStream === "undefined") {
    show([banner("amber", "!", words.refused, element("p", {}, words.OLD_BROWSER))]);
  } else {
    await check(`https://receipt.invalid/#${fragment}`);
  }
}

ask.hidden = false;
ask.addEventListener("submit", (event) => {
  event.preventDefault();
  check(field.value);
});
file.addEventListener("change", () => checkFile(file.files[0]));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const [dropped] = event.dataTransfer.files;
  if (dropped) checkFile(dropped);
  else check(event.dataTransfer.getData("text"));
});
window.addEventListener("hashchange", checkFragment);
for (const form of document.querySelectorAll('form[action="/language"]')) {
  form.addEventListener("submit", () => sessionStorage.setItem(kept, field.value));
}

const before = sessionStorage.getItem(kept);
sessionStorage.removeItem(kept);
if (before) check(before);
checkFragment();
