// Whether the gateway answers, in words.

import { say } from './list.js';
import { AWAY, HERE } from './words.js';

export class Gateway {
  #words = document.getElementById('gateway-words');
  #box = document.getElementById('box');
  #panels = document.getElementById('panels');

  isHere({ members }) {
    document.body.dataset.gateway = 'here';
    say(this.#words, HERE);
    const names = members.map(({ id }) => id).join(', ');
    say(this.#box, names);
    document.title = names ? `${names} · peergate` : 'Dashboard · peergate';
    this.#panels.hidden = false;
  }

  // What is shown stays, and is of then. `why` is the gateway's own word, where it has one.
  isAway(why = AWAY) {
    document.body.dataset.gateway = 'away';
    say(this.#words, why);
  }
}
