// Plays a recording in the page, where the browser can, and downloads it. Both go by a link that the gateway lends, for
// neither a player nor a download sends the token.

import { NOT_GIVEN, momentWords, unplayableWords, whoWords } from './words.js';

const PATIENCE = 8000; // ms to say whether there is a file

export class Player {
  #api;
  #dialog = document.getElementById('player');
  #title = document.getElementById('player-title');
  #video = document.getElementById('player-video');
  #words = document.getElementById('player-words');
  #segment = null;

  constructor(api) {
    this.#api = api;
    this.#video.onerror = () => this.#explain();
    this.#video.onplaying = () => (this.#words.textContent = '');
    this.#dialog.onclose = () => this.#stop();
    document.getElementById('player-close').onclick = () => this.#dialog.close();
    document.getElementById('player-download').onclick = () => this.#segment && this.download(this.#segment);
  }

  async play(segment) {
    const link = await this.#link(segment);
    this.#segment = segment;
    this.#title.textContent = `${whoWords(segment, true)}, ${momentWords(segment.begun)}`;
    this.#words.textContent = '';
    this.#video.src = link;
    if (!this.#dialog.open) this.#dialog.showModal();
    // Where it can't, the reason comes as an event.
    await this.#video.play().catch(() => {});
  }

  async download(segment) {
    const link = document.createElement('a');
    link.href = await this.#link(segment);
    link.download = segment.file.replaceAll('/', ' ');
    link.click();
  }

  async #link({ recording, sequence }) {
    const { link } = await this.#api.ask('POST', `recordings/${encodeURIComponent(recording)}/${sequence}/link`);
    return `api/${link}`;
  }

  // To a player a file that it does not get is like one that it can't play.
  async #explain() {
    const segment = this.#segment;
    if (!segment) return;
    const isGiven = this.#video.error?.code !== MediaError.MEDIA_ERR_NETWORK && (await isThere(this.#video.src));
    if (segment === this.#segment) this.#words.textContent = isGiven ? unplayableWords(segment) : NOT_GIVEN;
  }

  #stop() {
    this.#segment = null;
    this.#video.removeAttribute('src');
    this.#video.load();
  }
}

async function isThere(link) {
  try {
    const { ok } = await fetch(link, { method: 'HEAD', signal: AbortSignal.timeout(PATIENCE) });
    return ok;
  } catch {
    return false;
  }
}
