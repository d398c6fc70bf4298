// The choice of what to send, and the preview of it.

import { canShareScreen, stopMedia, takeMedia } from './media.js';
import { dismiss, notice } from './notices.js';
import { SENDING_WORDS, mediaWords, missingWords } from './words.js';

export class Sending {
  #buttons = [...document.querySelectorAll('[data-choice]')];
  #self = document.getElementById('self');
  #video = document.getElementById('self-video');
  #words = document.getElementById('self-words');
  #stream = null;
  #use;

  // `use(stream)` sends it from now on; null for nothing.
  constructor(use) {
    this.#use = use;
    for (const button of this.#buttons) button.onclick = () => this.#choose(button.dataset.choice);
    if (!canShareScreen() && isSecureContext) {
      const screen = this.#buttons.find((button) => button.dataset.choice === 'screen');
      screen.disabled = true;
      screen.title = mediaWords('screen', 'no screen here');
    }
    this.#show('receive');
  }

  async #choose(choice) {
    dismiss('media');
    for (const button of this.#buttons) button.disabled = true;
    try {
      const { stream, missing } = await takeMedia(choice);
      if (missing) notice('media', missingWords(missing));
      await this.#send(choice, stream);
    } catch (problem) {
      notice('media', mediaWords(choice, problem.why ?? problem.message));
    } finally {
      for (const button of this.#buttons) button.disabled = button.title !== '';
    }
  }

  async #send(choice, stream) {
    const before = this.#stream;
    this.#stream = stream;
    this.#show(choice);
    await this.#use(stream);
    stopMedia(before);
    // The browser has a 'stop sharing' of its own, and a camera can be unplugged.
    for (const track of stream?.getTracks() ?? []) {
      track.onended = () => stream === this.#stream && this.#choose('receive');
    }
  }

  #show(choice) {
    for (const button of this.#buttons) button.setAttribute('aria-pressed', String(button.dataset.choice === choice));
    this.#self.hidden = !this.#stream;
    this.#video.srcObject = this.#stream;
    this.#words.textContent = SENDING_WORDS[choice] ?? '';
    document.body.dataset.sends = choice;
  }
}
