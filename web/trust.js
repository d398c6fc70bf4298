// Trust between this page and a peer that asks for the room's key: each proves to the other that it has it, and the key
// itself goes nowhere. docs/signalling.md has the protocol.

const PROTOCOL = 'peergate trust 1';
const NONCE = 32; // bytes
const TEXT = new TextEncoder();

// Browsers compute proofs only for pages of a secure origin.
export const canProve = Boolean(crypto.subtle);

// What a peer says of trust: `{ room, nonce }` asks, `{ proof }` proves. null is any other message.
export function readTrust(message) {
  if (typeof message !== 'string') return null;
  try {
    const { room = '', nonce, proof } = JSON.parse(message).trust;
    if (typeof proof === 'string') return { proof: fromBase64(proof) };
    return typeof room === 'string' && typeof nonce === 'string' ? { room, nonce: fromBase64(nonce) } : null;
  } catch {
    return null;
  }
}

export class Trust {
  state = 'unasked'; // then 'proving', then 'proved'
  #ids;
  #mac = null;
  #bond = []; // what both proofs are over, but for who proves

  constructor(peer, own) {
    this.#ids = [peer, own];
  }

  // What proves to a peer that asked that we have the key.
  async prove({ room, nonce }, key, connection) {
    this.state = 'proving';
    const ownNonce = crypto.getRandomValues(new Uint8Array(NONCE));
    const certificates = [connection.remoteDescription, connection.localDescription].map(certificateIn);
    this.#bond = [...[room, ...this.#ids, ...certificates].map((text) => TEXT.encode(text)), nonce, ownNonce];
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    this.#mac = await crypto.subtle.importKey('raw', TEXT.encode(key), algorithm, false, ['sign', 'verify']);
    const proof = new Uint8Array(await crypto.subtle.sign('HMAC', this.#mac, this.#provenBy('peer')));
    return JSON.stringify({ trust: { nonce: toBase64(ownNonce), proof: toBase64(proof) } });
  }

  // Whether what the peer gave in return is a proof.
  async accept(proof) {
    const isOne = this.#mac !== null && (await crypto.subtle.verify('HMAC', this.#mac, proof, this.#provenBy('gateway')));
    if (isOne) this.state = 'proved';
    return isOne;
  }

  #provenBy(side) {
    const fields = [TEXT.encode(PROTOCOL), TEXT.encode(side), ...this.#bond];
    return Uint8Array.from(fields.flatMap((field) => [...lengthOf(field), ...field]));
  }
}

// 32 bits, the highest byte first.
function lengthOf(field) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, field.length);
  return bytes;
}

function certificateIn({ sdp }) {
  const [, hash, value] = /^a=fingerprint:(\S+) (\S+)/m.exec(sdp);
  return `${hash.toLowerCase()} ${value.toUpperCase()}`;
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}
