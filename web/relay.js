// The connection to the relay: one WebSocket, made again for as long as the page lives.

const FIRST_WAIT = 1000; // ms, and doubled at each failure
const LONGEST_WAIT = 15000; // ms: a person who looks at the page waits no longer

export class Relay {
  #url;
  #on;
  #socket = null;
  #timer = 0;
  #failures = 0;

  // `on` holds `up()`, `down({ retryInMs })` and `message({ event, data })`.
  constructor(url, on) {
    this.#url = url;
    this.#on = on;
    addEventListener('online', () => this.retryNow());
    addEventListener('offline', () => this.#socket?.close());
  }

  open() {
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => {
      this.#failures = 0;
      this.#on.up();
    };
    socket.onmessage = ({ data }) => {
      const message = parse(data);
      if (message) this.#on.message(message);
    };
    socket.onclose = () => this.#lost(socket);
  }

  // Whether it went out. What does not is not kept: the room is entered anew once the relay is back.
  send(event, data) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ event, data }));
    return true;
  }

  retryNow() {
    if (!this.#socket) this.open();
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    const wait = Math.min(FIRST_WAIT * 2 ** this.#failures++, LONGEST_WAIT);
    const retryInMs = wait * (0.5 + Math.random() / 2); // spread, so that a hundred pages don't come at once
    this.#timer = setTimeout(() => this.open(), retryInMs);
    this.#on.down({ retryInMs });
  }
}

// Some relays pass text on as binary frames.
function parse(frame) {
  try {
    const { event, data } = JSON.parse(typeof frame === 'string' ? frame : new TextDecoder().decode(frame));
    const ok = typeof event === 'string' && typeof data?.sender === 'string' && data.sender !== '';
    return ok ? { event, data } : null;
  } catch {
    return null; // somebody else's message: applications send their own through the same relay
  }
}
