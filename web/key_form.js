// Asks for the keys of rooms, where peers want them proved. One at a time.

import { shortName } from './ids.js';
import { keyWords } from './words.js';

export class KeyForm {
  #form = document.getElementById('key');
  #words = document.getElementById('key-words');
  #text = document.getElementById('key-text');
  #asked = new Map(); // a key's name -> { peers, wasRefused }

  // `give(name, key, { peers, wasRefused })`: a person has given what these peers ask for.
  constructor(give) {
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      const [name, asked] = this.#first;
      const key = this.#text.value;
      this.#next();
      give(name, key, asked);
    };
    document.getElementById('key-later').onclick = () => this.#next();
  }

  // A peer wants the key of this name, and another one than it got if that was refused.
  ask(name, peer, wasRefused) {
    const asked = this.#asked.get(name) ?? { peers: new Set(), wasRefused };
    asked.peers.add(peer);
    asked.wasRefused ||= wasRefused;
    this.#asked.set(name, asked);
    this.#show();
  }

  get #first() {
    return this.#asked.entries().next().value;
  }

  #next() {
    this.#asked.delete(this.#first[0]);
    this.#text.value = '';
    this.#show();
  }

  #show() {
    const isNew = this.#form.hidden;
    this.#form.hidden = this.#asked.size === 0;
    if (this.#form.hidden) return;
    const [name, { peers, wasRefused }] = this.#first;
    this.#words.textContent = keyWords(name, [...peers].map(shortName), wasRefused);
    // Who is writing elsewhere goes on writing there.
    if (isNew && document.activeElement === document.body) this.#text.focus();
  }
}
