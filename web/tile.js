// One remote peer on the page: its picture or its level, its name and state, and what can be done about it.

import { shortName } from './ids.js';
import { Statistics } from './statistics.js';
import { RECEIVES_ONLY, stateWords, trackWords, trustWords } from './words.js';

const STATISTICS_PERIOD = 1000; // ms
const LEVEL_PERIOD = 120; // ms, for a peer that is only heard

export class Tile {
  element;
  #video;
  #level;
  #words;
  #state;
  #trust;
  #details;
  #sound;
  #peer;
  #statistics = new Statistics();
  #timer = 0;

  // `on` holds `sound(isOn)`: the person switched the sound of this tile.
  constructor(id, isSoundOn, on) {
    this.element = document.importNode(document.getElementById('tile').content, true).firstElementChild;
    this.element.dataset.peer = id;
    this.element.setAttribute('aria-label', `Peer ${shortName(id)}`);
    const part = (name) => this.element.querySelector(`[data-part=${name}]`);
    this.#video = part('video');
    this.#level = part('level');
    this.#words = part('words');
    this.#state = part('state');
    this.#trust = part('trust');
    this.#details = part('details');
    this.#sound = part('sound');
    part('name').textContent = shortName(id);
    part('name').title = id;
    part('letter').textContent = id.slice(0, 1).toUpperCase();

    this.#video.muted = !isSoundOn;

    this.#sound.onclick = () => {
      this.#video.muted = !this.#video.muted;
      on.sound(!this.#video.muted);
      this.#play();
      this.#show();
    };
    part('full').onclick = () => this.#toggleFullScreen();
    this.#video.ondblclick = () => this.#toggleFullScreen();
  }

  // 'nothing', 'sound' or 'picture'; a peer that is still looked for counts as a picture to come.
  get shows() {
    return this.element.dataset.shows;
  }

  update(peer) {
    if (this.#peer !== peer) {
      this.#peer = peer;
      this.#statistics = new Statistics();
      this.#measure();
    }
    const stream = peer.trust === 'proving' ? null : peer.stream;
    if (this.#video.srcObject !== stream) this.#video.srcObject = stream;
    this.#play();
    this.#show();
  }

  // In place of a state: what goes on after the connection was lost.
  say(words) {
    this.element.dataset.state = 'lost';
    this.#words.textContent = words;
    this.#state.textContent = words;
  }

  remove() {
    clearTimeout(this.#timer);
    this.#video.srcObject = null;
    this.element.remove();
  }

  // Sound needs a gesture. Where the browser says no, the picture plays without.
  #play() {
    this.#video.play().catch((error) => {
      if (error.name !== 'NotAllowedError' || this.#video.muted) return;
      this.#video.muted = true;
      this.#video.play().catch(() => {});
      this.#show();
    });
  }

  #show() {
    const peer = this.#peer;
    const words = stateWords(peer, this.#statistics.path);
    this.element.dataset.state = peer.trust === 'proving' ? 'proving' : peer.state;
    this.element.dataset.trust = peer.trust;
    this.element.dataset.shows = this.#whatItShows();
    this.#words.textContent = words;
    this.#state.textContent = words;
    this.#trust.textContent = trustWords(peer);
    this.#details.textContent = this.#detailWords();
    const hasSound = peer.stream.getAudioTracks().length > 0;
    this.#sound.hidden = !hasSound;
    this.#sound.setAttribute('aria-pressed', String(!this.#video.muted));
    this.element.dataset.sound = hasSound && !this.#video.muted ? 'on' : 'off';
  }

  #detailWords() {
    if (this.#peer.state !== 'connected') return '';
    if (this.#whatItShows() === 'nothing') return RECEIVES_ONLY;
    return this.#statistics.video ? trackWords(this.#statistics.video) : '';
  }

  #whatItShows() {
    const { state, stream } = this.#peer;
    const isMet = state === 'connected' || state === 'interrupted';
    if (stream.getVideoTracks().length > 0) return 'picture';
    if (stream.getAudioTracks().length > 0) return 'sound';
    // Who has not said anything yet may never do so, or is here under a new id.
    return isMet || this.#peer.hasOffered ? 'nothing' : 'picture';
  }

  async #measure() {
    clearTimeout(this.#timer);
    const peer = this.#peer;
    if (peer.state === 'connected') {
      await this.#statistics.read(peer).catch(() => {}); // closed meanwhile
      this.#level.style.setProperty('--level', meterOf(this.#statistics.level));
      if (peer === this.#peer && this.element.dataset.state !== 'lost') this.#show();
    }
    if (peer !== this.#peer) return;
    const period = this.shows === 'sound' ? LEVEL_PERIOD : STATISTICS_PERIOD;
    this.#timer = setTimeout(() => this.#measure(), period);
  }

  #toggleFullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.element.requestFullscreen) this.element.requestFullscreen();
    else this.#video.webkitEnterFullscreen?.(); // telephones that know only their own player
  }
}

// -60 dB to 0 dB as 0 to 1: what an ear calls half as loud.
function meterOf(level) {
  return level > 0 ? Math.min(1, Math.max(0, 1 + (20 * Math.log10(level)) / 60)).toFixed(3) : 0;
}
