// Checks a receipt 回执 (docs/specs/receipt.md), or a promise, with the same answers as tokens/.
// Pure functions: texts and bytes in, facts out; what does not hold throws a Refusal.
import { hashes, verify } from "./vendor/noble-ed25519-3.2.0/index.js";
import { hmac } from "./vendor/noble-hashes-2.4.0/hmac.js";
import { sha256, sha512 } from "./vendor/noble-hashes-2.4.0/sha2.js";

hashes.sha512 = sha512;

const header = "c2sp.org/tlog-proof@v1";
const mostCharacters = 65536;
const mostHashes = 63;
const mostSignatures = 100;
const mostExtra = 4096;
const mostDepth = 6;
const hashSize = 32;
const firstDelay = 60_000_000n;  // of promises of version 1, which name none
const largestInteger = 2n ** 53n - 1n;
const inNote = 1;  // types of keys (C2SP signed-note)
const inCosignature = 4;
// What Python calls white space, so that both read the same names.
const blank = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const name = `[^${blank}+]+`;
const signatureLine = new RegExp(`^— (${name}) ([A-Za-z0-9+/=]+)$`);
const keyText = new RegExp(`^(${name})\\+([0-9a-f]{8})\\+([A-Za-z0-9+/=]+)$`);
const hexadecimal = /^(?:[0-9a-f]{2}){8,}$/;

export class Refusal extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const refuse = (code) => { throw new Refusal(code); };
const utf8 = (text) => new TextEncoder().encode(text);
const hex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// The bytes of standard base64 in its one form, or null.
function fromBase64(text) {
  try {
    const binary = atob(text);
    if (btoa(binary) === text) return Uint8Array.from(binary, (one) => one.charCodeAt(0));
  } catch { /* not base64 */ }
  return null;
}

// The bytes of base64url without padding, in its one form, or null.
function fromBase64Url(text) {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat(-text.length & 3);
  return /^[A-Za-z0-9_-]+$/.test(text) ? fromBase64(standard) : null;
}

export const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));

// ---- deterministic CBOR (token.md §2): bigint, Uint8Array, string, boolean, null, Array, Map ----

class Tag {
  constructor(number, value) {
    this.number = number;
    this.value = value;
  }
}

const simple = new Map([[0xf4, false], [0xf5, true], [0xf6, null]]);

function head(major, number) {
  if (number < 24n) return Uint8Array.of(major << 5 | Number(number));
  for (const [info, size] of [[24, 1], [25, 2], [26, 4], [27, 8]]) {
    if (number < 1n << BigInt(8 * size)) {
      const bytes = Array.from({ length: size }, (_, at) => Number(number >> BigInt(8 * (size - 1 - at)) & 255n));
      return Uint8Array.of(major << 5 | info, ...bytes);
    }
  }
  return refuse("CBOR_MALFORMED");
}

function inOrder(one, other) {
  for (let at = 0; at < one.length && at < other.length; at += 1) {
    if (one[at] !== other[at]) return one[at] - other[at];
  }
  return one.length - other.length;
}

export function encode(value) {
  for (const [byte, meaning] of simple) if (value === meaning) return Uint8Array.of(byte);
  if (typeof value === "bigint") return value >= 0n ? head(0, value) : head(1, -1n - value);
  if (value instanceof Uint8Array) return joined(head(2, BigInt(value.length)), value);
  if (typeof value === "string") {
    const text = utf8(value);
    return joined(head(3, BigInt(text.length)), text);
  }
  if (Array.isArray(value)) return joined(head(4, BigInt(value.length)), ...value.map(encode));
  if (value instanceof Tag) return joined(head(6, BigInt(value.number)), encode(value.value));
  const pairs = [...value].map(([key, item]) => joined(encode(key), encode(item)));
  return joined(head(5, BigInt(value.size)), ...pairs.sort(inOrder));
}

export function decode(data) {
  const malformed = () => refuse("CBOR_MALFORMED");
  let at = 0;
  const take = (size) => {
    if (size > data.length - at) malformed();
    at += size;
    return data.subarray(at - size, at);
  };
  const number = (info) => {
    if (info < 24) return BigInt(info);
    if (info > 27) malformed();
    return take(1 << info - 24).reduce((sum, byte) => sum << 8n | BigInt(byte), 0n);
  };
  const text = (bytes) => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return malformed();
    }
  };
  const map = (size, depth) => {
    const pairs = new Map();
    for (let left = size; left > 0; left -= 1) {
      const key = item(depth);
      if (!["bigint", "string"].includes(typeof key) || pairs.has(key)) malformed();
      pairs.set(key, item(depth));
    }
    return pairs;
  };
  const item = (depth) => {
    if (depth === 0) malformed();
    const [first] = take(1);
    if (simple.has(first)) return simple.get(first);
    const size = number(first & 31);
    // Each element takes a byte at least, so a length beyond the data ends here.
    const count = size > BigInt(data.length) ? Infinity : Number(size);
    switch (first >> 5) {
      case 0: return size;
      case 1: return -1n - size;
      case 2: return take(count);
      case 3: return text(take(count));
      case 4: {
        if (count === Infinity) malformed();
        return Array.from({ length: count }, () => item(depth - 1));
      }
      case 5: return map(count, depth - 1);
      case 6: if (size === 18n || size === 61n) return new Tag(Number(size), item(depth - 1));
    }
    return malformed();
  };
  if (data.length > mostExtra) malformed();
  const value = item(mostDepth);
  // Comparing the whole catches long heads, unordered keys and trailing bytes at once.
  if (!same(encode(value), data)) malformed();
  return value;
}

// ---- facts (receipt.md §3) ----

function canonical(value) {
  if (typeof value === "bigint") {
    const isExact = -largestInteger <= value && value <= largestInteger;
    return isExact ? value.toString() : refuse("RECEIPT_MALFORMED");
  }
  if (value === null || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "string") {
    return hexadecimal.test(value) ? refuse("RECEIPT_MALFORMED") : JSON.stringify(value);
  }
  if (value instanceof Uint8Array && value.length >= 8) return `"${hex(value)}"`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const keys = value instanceof Map ? [...value.keys()] : [0n];
  // eslint-disable-next-line no-control-regex
  if (!keys.every((key) => typeof key === "string" && /^[\x00-\x7f]*$/.test(key))) {
    refuse("RECEIPT_MALFORMED");
  }
  const pairs = keys.sort().map((key) => `${JSON.stringify(key)}:${canonical(value.get(key))}`);
  return `{${pairs.join(",")}}`;
}

// What a receipt says of its fact: {kind, at (bigint, microseconds), nonce, event (bytes)}.
export function openingOf(receipt) {
  let value;
  try {
    value = decode(receipt.extra ?? new Uint8Array());
  } catch (error) {
    if (error instanceof Refusal) refuse("RECEIPT_MALFORMED");
    throw error;
  }
  const [version, kind, at, nonce, event] = Array.isArray(value) && value.length === 5 ? value : [];
  const isOpening = typeof kind === "string" && typeof at === "bigint" && at >= 0n
    && nonce instanceof Uint8Array && nonce.length === hashSize;
  if (isOpening && version === 1n && event instanceof Uint8Array) return { kind, at, nonce, event };
  if (isOpening && version === 2n && event instanceof Map) {
    return { kind, at, nonce, event: utf8(canonical(event)) };
  }
  return refuse("RECEIPT_MALFORMED");
}

export const entryOf = ({ kind, at, nonce, event }) => encode([1n, kind, at, hmac(sha256, nonce, event)]);

// ---- the tree (log.md §2, §3) ----

export const leafHash = (entry) => sha256(joined(Uint8Array.of(0), entry));
const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));
const bits = (number) => number === 0n ? [] : [...number.toString(2)];

// The root to which a proof leads from a leaf hash at an index of a tree of a size.
export function rootOf(leaf, index, size, proof) {
  if (index < 0n || index >= size || leaf.length !== hashSize) refuse("LOG_PROOF_INVALID");
  const inner = bits(index ^ (size - 1n)).length;
  const border = bits(index >> BigInt(inner)).filter((bit) => bit === "1").length;
  if (proof.length !== inner + border) refuse("LOG_PROOF_INVALID");
  return proof.reduce((computed, sibling, level) => {
    const isRight = level >= inner || index >> BigInt(level) & 1n;
    return isRight ? nodeHash(sibling, computed) : nodeHash(computed, sibling);
  }, leaf);
}

// ---- notes, checkpoints and cosignatures (log.md §4, §6) ----

function keyId(name, type, key) {
  return hex(sha256(joined(utf8(name), Uint8Array.of(10, type), key)).subarray(0, 4));
}

function keyOf(text, type) {
  const [, name, id, encoded] = keyText.exec(text) ?? refuse("CHECKPOINT_MALFORMED");
  const data = fromBase64(encoded);
  const isKey = data?.length === 1 + hashSize && data[0] === type;
  if (!isKey || keyId(name, type, data.subarray(1)) !== id) refuse("CHECKPOINT_MALFORMED");
  return { name, id, key: data.subarray(1) };
}

export function isSigned(key, signature, message) {
  if (signature.length !== 64) return false;
  try {
    return verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}

export function parseNote(note) {
  const cut = note.lastIndexOf("\n\n");
  // eslint-disable-next-line no-control-regex
  const isText = !/[\x00-\x09\x0b-\x1f]/.test(note) && !/\p{Surrogate}/u.test(note);
  if ([...note].length > mostCharacters || !isText || cut < 0) refuse("CHECKPOINT_MALFORMED");
  const lines = note.slice(cut + 2).split("\n");
  if (lines.pop() !== "" || lines.length === 0 || lines.length > mostSignatures) refuse("CHECKPOINT_MALFORMED");
  const signatures = lines.map((line) => {
    const [, name, encoded] = signatureLine.exec(line) ?? refuse("CHECKPOINT_MALFORMED");
    const data = fromBase64(encoded);
    if (!data || data.length <= 4) refuse("CHECKPOINT_MALFORMED");
    return { name, id: hex(data.subarray(0, 4)), signature: data.subarray(4) };
  });
  return { body: note.slice(0, cut + 1), signatures };
}

export function parseCheckpoint(body) {
  const lines = body.split("\n");
  if (lines.pop() !== "" || lines.length < 3 || !lines.every(Boolean)) refuse("CHECKPOINT_MALFORMED");
  const [origin, size, encoded] = lines;
  const root = fromBase64(encoded);
  if (!/^(0|[1-9][0-9]{0,18})$/.test(size) || BigInt(size) >= 2n ** 63n || !root) refuse("CHECKPOINT_MALFORMED");
  return { origin, size: BigInt(size), root };
}

const first = (signatures, { name, id }) => signatures.find((one) => one.name === name && one.id === id);

function cosignaturesOn({ body, signatures }, witnesses) {
  const found = [];
  for (const witness of witnesses) {
    const key = keyOf(witness.vkey, inCosignature);
    const line = first(signatures, key);
    if (!line || found.some((one) => one.name === key.name && one.id === key.id)) continue;
    if (line.signature.length !== 72) refuse("SIGNATURE_INVALID");
    const at = new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0);
    const message = utf8(`cosignature/v1\ntime ${at}\n${body}`);
    if (!isSigned(key.key, line.signature.subarray(8), message)) refuse("SIGNATURE_INVALID");
    found.push({ ...key, witness, at });
  }
  return found;
}

// trust: {keys: [{vkey, compromised_at (microseconds or null)}], witnesses: [{vkey}], quorum}
export function openCheckpoint(note, trust) {
  const parsed = parseNote(note);
  const known = trust.keys.map((one) => ({ ...one, ...keyOf(one.vkey, inNote) }));
  const logKey = known.find((key) => first(parsed.signatures, key)) ?? refuse("CHECKPOINT_MALFORMED");
  const { signature } = first(parsed.signatures, logKey);
  if (!isSigned(logKey.key, signature, utf8(parsed.body))) refuse("SIGNATURE_INVALID");
  const checkpoint = parseCheckpoint(parsed.body);
  if (checkpoint.origin !== logKey.name || checkpoint.root.length !== hashSize) refuse("CHECKPOINT_MALFORMED");
  const cosignatures = cosignaturesOn(parsed, trust.witnesses);
  if (logKey.compromised_at !== null) {
    const limit = BigInt(logKey.compromised_at);
    const before = cosignatures.filter(({ at }) => at * 1_000_000n < limit);
    if (before.length < Math.max(1, trust.quorum)) refuse("KEY_COMPROMISED");
  }
  if (cosignatures.length < trust.quorum) refuse("QUORUM_MISSING");
  return { ...checkpoint, logKey, cosignatures };
}

// ---- receipts ----

export function parseReceipt(text) {
  const cut = text.indexOf("\n\n");
  const [start, ...lines] = text.slice(0, Math.max(cut, 0)).split("\n");
  const checkpoint = text.slice(cut + 2);
  const isReceipt = [...text].length <= mostCharacters && cut >= 0 && checkpoint && start === header && lines.length;
  if (!isReceipt) refuse("RECEIPT_MALFORMED");
  const bytes = (line) => fromBase64(line) ?? refuse("RECEIPT_MALFORMED");
  const extra = lines[0].startsWith("extra ") ? bytes(lines.shift().slice(6)) : null;
  const index = /^index (0|[1-9][0-9]{0,18})$/.exec(lines.shift() ?? "");
  const proof = lines.map(bytes);
  if (!index || proof.length > mostHashes || !proof.every((one) => one.length === hashSize)) refuse("RECEIPT_MALFORMED");
  return { index: BigInt(index[1]), proof, checkpoint, extra };
}

// What a receipt claims, checked against nothing: {receipt, opening, checkpoint, root}.
export function readReceipt(text) {
  const receipt = parseReceipt(text);
  const opening = openingOf(receipt);
  const checkpoint = parseCheckpoint(parseNote(receipt.checkpoint).body);
  return { receipt, opening, checkpoint };
}

export function verifyReceipt(text, trust) {
  const receipt = parseReceipt(text);
  const opening = openingOf(receipt);
  const head = openCheckpoint(receipt.checkpoint, trust);
  const root = rootOf(leafHash(entryOf(opening)), receipt.index, head.size, receipt.proof);
  if (!same(root, head.root)) refuse("LOG_PROOF_INVALID");
  return { opening, index: receipt.index, head };
}

// ---- promises (log.md §5) ----

function fieldsOfPromise(text) {
  try {
    const value = decode(fromBase64Url(text) ?? refuse("PROMISE_MALFORMED"));
    if (Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  return refuse("PROMISE_MALFORMED");
}

// {entryHash, at, due (bigint, microseconds), logKey}: until `due` the log owes a proof.
export function verifyPromise(text, trust) {
  const value = fieldsOfPromise(text);
  const [version, entryHash, at] = value;
  const [id, signature] = value.slice(-2);
  const due = version === 1n && typeof at === "bigint" ? at + firstDelay : value[3];
  const isPromise = value.length === { "1": 5, "2": 6 }[version] && typeof at === "bigint" && typeof due === "bigint"
    && [entryHash, id, signature].every((one) => one instanceof Uint8Array) && entryHash.length === hashSize;
  if (!isPromise) refuse("PROMISE_MALFORMED");
  const known = trust.keys.map((one) => ({ ...one, ...keyOf(one.vkey, inNote) }));
  const logKey = known.find((key) => key.id === hex(id)) ?? refuse("CHECKPOINT_MALFORMED");
  const signed = joined(utf8(`log-promise/v${version}\0`), encode(value.slice(0, -1)));
  if (!isSigned(logKey.key, signature, signed)) refuse("SIGNATURE_INVALID");
  // Whoever held the key may have written any date.
  if (logKey.compromised_at !== null) refuse("KEY_COMPROMISED");
  return { entryHash, at, due, logKey };
}

// The text of a receipt in a link: base64url of the raw deflated text (receipt.md §5).
export async function textInLink(link) {
  const fragment = link.trim().slice(link.trim().lastIndexOf("#") + 1);
  const data = fromBase64Url(fragment) ?? refuse("RECEIPT_MALFORMED");
  const chunks = [];
  let size = 0;
  try {
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    for (let reader = stream.getReader(), part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > mostCharacters) refuse("RECEIPT_MALFORMED");
      chunks.push(part.value);
    }
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(joined(...chunks));
  } catch {
    return refuse("RECEIPT_MALFORMED");
  }
}
