// The recordings that run, the disk that they go to, and who is to be recorded.

import { List, fromTemplate, say } from './list.js';
import { diskWords, recordingWords, whoWords } from './words.js';

export class Running {
  #list;
  #disk = document.getElementById('disk');
  #words = document.getElementById('disk-words');
  #problem = document.getElementById('disk-problem');
  #share = document.getElementById('disk-share');

  constructor(api, attempt) {
    this.#list = new List('running', () => new Recording(api, attempt));
    for (const what of ['remote', 'local']) {
      document.getElementById(`record-${what}`).onclick = () => attempt('Not recorded', () => api.ask('POST', 'recordings', { what }));
    }
  }

  show({ members, recordings, disk }) {
    const isOneOfMany = members.length > 1;
    this.#list.show(recordings.map((recording) => ({ isOneOfMany, ...recording })), ({ id }) => id);
    this.#disk.hidden = disk === null;
    if (disk === null) return;
    say(this.#words, diskWords(disk));
    say(this.#problem, disk.problem ?? '');
    this.#share.hidden = disk.free === null;
    this.#share.value = disk.free === null ? 0 : disk.kept / Math.max(1, disk.kept + disk.free);
  }
}

class Recording {
  #parts = fromTemplate('recording');
  #id;

  constructor(api, attempt) {
    this.#parts.stop.onclick = () => attempt('Not stopped', () => api.ask('DELETE', `recordings/${encodeURIComponent(this.#id)}`));
  }

  get element() {
    return this.#parts.element;
  }

  show(recording) {
    const { element, who, words, why, file, stop } = this.#parts;
    this.#id = recording.id;
    element.dataset.recording = recording.id;
    const name = whoWords(recording, recording.isOneOfMany);
    say(who, name);
    say(words, recordingWords(recording));
    say(why, recording.condition.why ?? '');
    say(file, recording.file ?? '');
    stop.setAttribute('aria-label', `Stop recording ${name}`);
  }
}
