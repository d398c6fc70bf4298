// What is said in the room: text both ways, with who and when; and who came and went.

const KEPT = 500; // a page that is open for a month must not grow without end
const LONGEST = 16000; // characters of a message that are shown: as many as can be written here

export class Messages {
  #log = document.getElementById('log');
  #form = document.getElementById('write');
  #text = document.getElementById('text');
  #button = this.#form.querySelector('button');

  // `send(text)` gives to how many it went.
  constructor(send) {
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      const text = this.#text.value.trim();
      if (!text || send(text) === 0) return;
      this.add('You', text, 'own');
      this.#text.value = '';
    };
  }

  // How many can be spoken to.
  setListeners(count) {
    this.#text.disabled = this.#button.disabled = count === 0;
    this.#text.placeholder = count === 0 ? 'No one to talk to yet' : `Message to ${count === 1 ? 'one peer' : `all ${count} peers`}`;
  }

  add(who, content, kind = 'theirs') {
    const text = typeof content === 'string' ? shortened(content) : `(${content.byteLength} bytes that are not text)`;
    const item = this.#append(kind);
    item.append(element('b', who), clock(), element('p', text));
  }

  note(text) {
    const item = this.#append('note');
    item.append(element('p', text), clock());
  }

  #append(kind) {
    const isAtEnd = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 40;
    const item = element('li');
    item.dataset.kind = kind;
    this.#log.append(item);
    while (this.#log.childElementCount > KEPT) this.#log.firstElementChild.remove();
    if (isAtEnd || kind === 'own') requestAnimationFrame(() => this.#log.scrollTo(0, this.#log.scrollHeight));
    return item;
  }
}

function shortened(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}

function clock() {
  const now = new Date();
  const time = element('time', now.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
  time.dateTime = now.toISOString();
  return time;
}

function element(name, text = '') {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
