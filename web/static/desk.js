// The front desk by keyboard: keys that press buttons, and scans that need no Enter.
const silence = 120;  // ms after the last character of a whole code or token
const doubt = 800;  // ms where digits are many but no whole token: a slow scanner, or two scans
const rest = 1500;  // ms in which an Enter after a code that was sent by itself goes nowhere
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

// Tokens have more than 200 digits; a phone number is no code, whatever its checksum.
function isCode(text) {
  const code = text.replace(/[\s\-_.·\u2010-\u2015\u2212]/g, "")
    .toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
  if (code.length !== 11 || /^1[3-9]\d{9}$/.test(code)) return false;
  const values = [...code].map((symbol) => alphabet.indexOf(symbol));
  if (values.some((value) => value < 0 || value > 31)) return false;
  return values.slice(0, 10).reduce((sum, value) => (sum * 32 + value) % 37, 0) === values[10];
}

// The first bytes of every token; the beginning of a token is no whole number of bytes.
function isToken(text) {
  const digits = text.replace(/^([\]】][Qq][0-6])?([\\、]000026)?/, "");
  return /^\d{200,}$/.test(digits) && /^1d284(..)+$/.test(BigInt(digits).toString(16));
}

// How long to wait for more before the field is sent; nothing for what is not whole.
function patience(typed) {
  const text = typed.normalize("NFKC").trim();
  const half = text.slice(0, text.length / 2);
  if (half && half + half === text) return patience(half);  // scanned twice
  if (isCode(text) || isToken(text)) return silence;
  return /\d{200}/.test(text) ? doubt : undefined;
}

// The next page takes no Enter at once: the typist's own, on its way, is not for it.
function sendUnasked(form) {
  form.querySelector("[data-unasked]").value = "1";
  form.requestSubmit();
}
for (const button of document.querySelectorAll("[data-wakes]")) {
  const wake = () => { button.disabled = false; };
  setTimeout(wake, rest);
  button.form.addEventListener("input", wake);  // whoever types here has seen the page
}

const scan = document.querySelector("[data-scan]");
if (scan) {
  let timer;
  if (scan.value) scan.select();  // what was kept for mending gives way to a new scan
  scan.addEventListener("input", () => {
    clearTimeout(timer);
    const wait = patience(scan.value);
    if (wait) timer = setTimeout(() => sendUnasked(scan.form), wait);
  });
  // Whatever is typed elsewhere on the page belongs into the one field.
  document.addEventListener("keydown", (event) => {
    const isText = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    const isFree = !event.target.closest("input, textarea, select, button, a, summary");
    if (isText && isFree) scan.focus();
  });
  window.addEventListener("focus", () => {
    if (document.activeElement === document.body) scan.focus();
  });
}

for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    const visitor = form.elements.visitor;
    // A scanner that fired twice types its second scan here: it is nobody's number.
    const isScan = visitor && (/\d{40}/.test(visitor.value) || isCode(visitor.value));
    if (isScan) visitor.value = "";
    if (isScan || form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "yes";
  });
}
// A page that comes back from the history may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

for (const button of document.querySelectorAll("[data-agree]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const boxes = [...button.form.querySelectorAll('[name="purposes"]')];
    const wanted = !boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = wanted;
  });
}
