// The ids of a room: 20 random characters, as its pages have them.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 20;

export function randomId() {
  const unbiased = 256 - (256 % ALPHABET.length);
  let id = '';
  while (id.length < LENGTH) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < unbiased) id += ALPHABET[byte % ALPHABET.length];
  }
  return id;
}

// Byte order decides who gives way when two peers offer to each other. JavaScript's own order of strings
// differs from it outside of the basic plane.
export function isSmaller(a, b) {
  const [left, right] = [a, b].map((id) => new TextEncoder().encode(id));
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return left[i] < right[i];
  }
  return left.length < right.length;
}

// A name that a person can tell apart: chosen ids whole, random ones by their beginning.
export function shortName(id) {
  return id.length <= 16 ? id : `${id.slice(0, 6)}…`;
}
