// What is captured and encoded, and what is wrong with it.

import { Rate } from './chart.js';
import { List, fromTemplate, say } from './list.js';
import { CONDITIONS, bitrateWords, codecWords, count, momentWords, rungWords } from './words.js';

export class Sources {
  #list = new List('sources', () => new Source());

  show({ sources }) {
    this.#list.show(sources, ({ name }) => name);
  }
}

export class Encoders {
  #list = new List('encoders', () => new Encoder());

  show({ encoders }) {
    this.#list.show(encoders, ({ source, codec, rung }) => JSON.stringify([source, codec, rung]));
  }
}

// What both have: a name, what it is, how it does, and how many frames there are in a second.
class Maker {
  #parts = fromTemplate('source');
  #rate = new Rate();

  get element() {
    return this.#parts.element;
  }

  tell(title, kind, condition, whys, words) {
    const { element, name, grade, what, why, words: rest } = this.#parts;
    const [mark, word] = CONDITIONS[condition.state];
    element.dataset.grade = mark;
    say(name, title);
    say(grade, word);
    say(what, kind);
    say(why, [condition.why, ...whys].filter(Boolean).join(' '));
    say(rest, words.filter(Boolean).join(' · '));
  }

  framesWords(frames, noun) {
    const rate = this.#rate.of(frames, performance.now());
    return rate === null ? '' : `${Math.round(rate)} ${noun} a second`;
  }
}

class Source extends Maker {
  show({ name, kind, spec, condition, size, frames, capture_to_wire: took }) {
    const isVideo = kind === 'video';
    this.tell(name, `${isVideo ? 'pictures' : 'sound'}: ${spec}`, condition, [], [
      size && `${size.width}×${size.height}`,
      this.framesWords(frames, isVideo ? 'frames' : 'buffers'),
      took && `${took.p50_ms.toFixed(1)} ms to the sockets, ${took.p95_ms.toFixed(1)} ms for 95 of 100`,
    ]);
  }
}

class Encoder extends Maker {
  show({ source, codec, rung, element, replaced, condition, bitrate, takers, frames, keyframes }) {
    const instead = replaced && `It stands in for ${replaced.element} since ${momentWords(replaced.since)}: ${replaced.why}`;
    const isVideo = codec !== 'opus';
    const made = this.framesWords(frames, isVideo ? 'frames' : 'packets');
    const isIdle = condition.state === 'idle';
    const words = [`${bitrateWords(bitrate)} asked for`, count(takers, 'taker'), made, isVideo && count(keyframes, 'keyframe')];
    const kind = [isVideo && rungWords(rung), `by ${element}`].filter(Boolean).join(', ');
    this.tell(`${source} as ${codecWords(codec)}`, kind, condition, [instead], isIdle ? [] : words);
  }
}
