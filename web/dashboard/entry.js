// Asks for the control token, where the gateway wants one.

import { say } from './list.js';

export class Entry {
  #form = document.getElementById('entry');
  #words = document.getElementById('entry-words');
  #token = document.getElementById('token');
  #panels = document.getElementById('panels');
  #api;
  #asked = null;

  constructor(api) {
    this.#api = api;
  }

  // Comes back when somebody has given one, right or wrong.
  ask() {
    this.#asked ??= this.#show();
    return this.#asked;
  }

  #show() {
    if (this.#api.hasToken) say(this.#words, 'The gateway did not take that token. It wants what is in the file of --control-token-file.');
    this.#panels.hidden = true;
    this.#form.hidden = false;
    this.#token.focus();
    return new Promise((done) => {
      this.#form.onsubmit = (event) => {
        event.preventDefault();
        this.#api.useToken(this.#token.value.trim());
        this.#token.value = '';
        this.#form.hidden = true;
        this.#asked = null;
        done();
      };
    });
  }
}
