// The recordings of a day that are kept: to be played, downloaded and pinned.

import { List, fromTemplate, say } from './list.js';
import { segmentWords, timeWords, whoWords } from './words.js';

const PERIOD = 5000; // ms; a segment that is written grows all the time, and nobody waits for that
const PAGE = 100; // segments

export class Kept {
  #api;
  #list;
  #day = document.getElementById('day');
  #today = dayOf(new Date()); // shown until another day is chosen
  #more = document.getElementById('more');
  #isOneOfMany = false;
  #pages = 1;
  #askedAt = -Infinity;
  #turn = 0;

  constructor(api, player, attempt) {
    this.#api = api;
    const changed = () => this.#ask();
    this.#list = new List('kept', () => new Segment(api, player, attempt, changed));
    this.#day.value = this.#today;
    this.#day.onchange = () => {
      this.#today = this.#day.value === dayOf(new Date()) ? this.#day.value : null;
      this.#pages = 1;
      this.#ask();
    };
    this.#more.onclick = () => {
      this.#pages += 1;
      this.#ask();
    };
  }

  show({ members }) {
    this.#isOneOfMany = members.length > 1;
    if (performance.now() - this.#askedAt >= PERIOD) this.#ask();
  }

  async #ask() {
    this.#followToday();
    this.#askedAt = performance.now();
    const turn = ++this.#turn;
    try {
      const { segments, hasMore } = await this.#segments(this.#day.value);
      // Something else was asked for meanwhile.
      if (turn !== this.#turn) return;
      this.#list.show(segments, ({ recording, sequence }) => `${recording} ${sequence}`);
      this.#more.hidden = !hasMore;
    } catch {
      // That the gateway is away, or wants a token, is noticed by who asks for the state.
    }
  }

  // Who leaves it open over midnight sees the new day.
  #followToday() {
    const today = dayOf(new Date());
    if (this.#today === null || this.#today === today) return;
    this.#today = this.#day.value = today;
    this.#pages = 1;
  }

  async #segments(day) {
    const query = new URLSearchParams({ limit: PAGE });
    if (day) {
      const begin = new Date(`${day}T00:00`);
      query.set('from', begin.toISOString());
      query.set('to', new Date(begin.getFullYear(), begin.getMonth(), begin.getDate() + 1).toISOString());
    }
    const segments = [];
    for (let page = 0; page < this.#pages; page++) {
      const list = await this.#api.ask('GET', `recordings?${query}`);
      segments.push(...list.segments.map((segment) => ({ isOneOfMany: this.#isOneOfMany, ...segment })));
      if (list.next === null) return { segments, hasMore: false };
      query.set('after', list.next);
    }
    return { segments, hasMore: true };
  }
}

class Segment {
  #parts = fromTemplate('segment');
  #segment;

  constructor(api, player, attempt, changed) {
    const { play, download, pin } = this.#parts;
    play.onclick = () => attempt('Not played', () => player.play(this.#segment));
    download.onclick = () => attempt('Not downloaded', () => player.download(this.#segment));
    pin.onclick = () =>
      attempt('Not changed', async () => {
        const method = this.#segment.pinned ? 'DELETE' : 'PUT';
        await api.ask(method, `recordings/${encodeURIComponent(this.#segment.recording)}/pinned`);
        changed();
      });
  }

  get element() {
    return this.#parts.element;
  }

  show(segment) {
    const { element, who, when, words, why, play, download, pin } = this.#parts;
    this.#segment = segment;
    element.dataset.recording = segment.recording;
    const name = whoWords(segment, segment.isOneOfMany);
    const begun = timeWords(segment.begun);
    say(who, name);
    say(when, begun);
    say(words, segmentWords(segment));
    say(why, segment.state.incomplete ? `Cut off, and could not be mended: ${segment.state.incomplete.why}` : '');
    play.setAttribute('aria-label', `Play ${name} of ${begun}`);
    download.setAttribute('aria-label', `Download ${name} of ${begun}`);
    pin.setAttribute('aria-pressed', String(segment.pinned));
    pin.setAttribute('aria-label', `Pin ${name} of ${begun}: kept whatever is too old or too much`);
    pin.title = 'What is pinned is kept, whatever is too old or too much';
  }
}

function dayOf(date) {
  const two = (number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
