// What happens, in lines with their time, the latest last.

import { eventWords, timeWords } from './words.js';

const KEPT = 200; // a page that is open for a month must not grow without end
const LONGEST = 500; // characters of a message that are shown

export class Events {
  #list = document.getElementById('events');
  #nothing = document.querySelector('[data-of=events]');
  #hasBegun = false;
  #isOpen = false;

  add(event) {
    if (event.event === 'begun') {
      if (this.#hasBegun) this.#append('begun', 'The gateway is back.');
      this.#hasBegun = this.#isOpen = true;
      return;
    }
    const words = eventWords(event);
    this.#append(event.event, words.length > LONGEST ? `${words.slice(0, LONGEST)} …` : words);
  }

  // Nothing more comes until it has begun again.
  end() {
    if (this.#isOpen) this.#append('ended', 'The gateway does not tell any more.');
    this.#isOpen = false;
  }

  #append(kind, words) {
    const isAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40;
    const [item, time, text] = ['li', 'time', 'span'].map((name) => document.createElement(name));
    const now = new Date();
    item.dataset.kind = kind;
    time.dateTime = now.toISOString();
    time.textContent = timeWords(now);
    text.textContent = words;
    item.append(time, text);
    this.#list.append(item);
    this.#nothing.hidden = true;
    while (this.#list.childElementCount > KEPT) this.#list.firstElementChild.remove();
    if (isAtEnd) requestAnimationFrame(() => this.#list.scrollTo(0, this.#list.scrollHeight));
  }
}
