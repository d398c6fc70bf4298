// Whether the relay is there, in words, with the seconds until the next try.

import { relayWords } from './words.js';

export class RelayStatus {
  #element = document.getElementById('relay');
  #text = document.getElementById('relay-words');
  #retry = document.getElementById('relay-retry');
  #countdown = 0;

  constructor(retryNow) {
    this.#retry.onclick = () => {
      this.show('opening');
      retryNow();
    };
    this.show('opening');
  }

  // 'opening', 'up' or 'away'.
  show(state, seconds) {
    clearInterval(this.#countdown);
    this.#element.dataset.state = state;
    this.#text.textContent = relayWords(state, seconds);
    this.#retry.hidden = state !== 'away';
  }

  countDown(milliseconds) {
    const until = Date.now() + milliseconds;
    const seconds = () => Math.ceil((until - Date.now()) / 1000);
    this.show('away', seconds());
    this.#countdown = setInterval(() => {
      if (seconds() <= 0) this.show('opening');
      else this.#text.textContent = relayWords('away', seconds());
    }, 1000);
  }
}
