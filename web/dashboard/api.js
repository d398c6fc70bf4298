// The gateway's API, with the control token where there is one.

const TOKEN = 'peergate control token';
const SENDABLE = /^[\x21-\x7e]+$/; // what a header can carry, without spaces
const PATIENCE = 8000; // ms: the gateway answers at once, unless it is stuck

// The gateway wants a token, or another one.
export class Unauthorized extends Error {}

// The gateway says no, and why.
export class Refused extends Error {}

export class Api {
  #token = sessionStorage.getItem(TOKEN);

  // Whether one was given, right or wrong.
  get hasToken() {
    return this.#token !== null;
  }

  useToken(token) {
    this.#token = token;
    sessionStorage.setItem(TOKEN, token);
  }

  // The answer's JSON; null where it has none.
  async ask(method, path, body) {
    const response = await this.#fetch(path, { method, body, signal: AbortSignal.timeout(PATIENCE) });
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return isJson ? response.json() : null;
  }

  // Each event as it happens, from now on, until the stream ends. EventSource sends no token.
  async *events() {
    const response = await this.#fetch('events', {});
    yield { event: 'begun' };
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const whole = text.split('\n\n');
      text = whole.pop();
      for (const event of whole) {
        const data = event.split('\n').filter((line) => line.startsWith('data:'));
        if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(5)).join('\n'));
      }
    }
  }

  async #fetch(path, { body, ...more }) {
    const headers = {};
    const token = this.#token;
    // Else none goes out, which the gateway refuses as it does a wrong one.
    if (token !== null && SENDABLE.test(token)) headers.authorization = `Bearer ${token}`;
    if (body) headers['content-type'] = 'application/json';
    const response = await fetch(`api/${path}`, { ...more, headers, body: body && JSON.stringify(body) });
    // Another token may have been given meanwhile.
    if (response.status === 401 && token === this.#token) throw new Unauthorized('the gateway wants its control token');
    if (!response.ok) throw new Refused(await whyOf(response));
    return response;
  }
}

async function whyOf(response) {
  try {
    const { error, help } = await response.json();
    return `${error}. ${help}`;
  } catch {
    return `the gateway answered with ${response.status}`;
  }
}
