// Values as Python packs them (pictures/browser.py): arrays of base64, little-endian, as every machine with a browser is.

const KINDS = { f4: Float32Array, f8: Float64Array };

/** The numbers of a packed array; of a plain one, itself; none for nothing. */
export function numbers(packed) {
  if (packed == null) return new Float64Array(0);
  if (Array.isArray(packed)) return Float64Array.from(packed, (value) => (value === null ? NaN : value));
  const kind = "f8" in packed ? "f8" : "f4";
  return new KINDS[kind](bytesOf(packed[kind]).buffer);
}

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64); // ten times as fast, in browsers of 2025 and later
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** How many of these rising numbers are at most `value`. */
export function upTo(rising, value) {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A value over 10**power, also where that is no float. */
export function shrunk(value, power) {
  if (!power) return value;
  const half = Math.trunc(power / 2);
  return value / 10 ** half / 10 ** (power - half);
}

/** A number as people read it: "0.5371", "12,300", "1.2e56", "nan". */
export function shown(value, digits = 4) {
  if (value == null) return "";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e6)
      ? value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e")
      : grouped(Number(value.toPrecision(Math.max(digits, size >= 1 ? Math.floor(Math.log10(size)) + 1 : digits))));
  return text.replace(/-/g, "−");
}

/** Digits in threes, as Python's "{:,}" writes them. */
export function grouped(value) {
  const [whole, part] = String(value).split(".");
  const threes = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part ? `${threes}.${part}` : threes;
}
