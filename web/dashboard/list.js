// Items that come and go, each with an element of its own that stays as long as its item does: what has the focus
// keeps it, and nothing is read out again that has not changed.

export class List {
  #home;
  #make;
  #nothing;
  #views = new Map();

  // `make()` gives a view: `{ element, show(item) }`.
  constructor(id, make) {
    this.#home = document.getElementById(id);
    this.#nothing = document.querySelector(`[data-of=${id}]`);
    this.#make = make;
  }

  show(items, keyOf) {
    const there = new Set(items.map(keyOf));
    for (const [key, view] of this.#views) {
      if (there.has(key)) continue;
      view.element.remove();
      this.#views.delete(key);
    }
    items.forEach((item, place) => {
      const key = keyOf(item);
      const view = this.#views.get(key) ?? this.#make();
      this.#views.set(key, view);
      view.show(item);
      const now = this.#home.children[place];
      if (now !== view.element) this.#home.insertBefore(view.element, now ?? null);
    });
    if (this.#nothing) this.#nothing.hidden = items.length > 0;
  }
}

// A new element of a template, and its parts by their names.
export function fromTemplate(id) {
  const element = document.importNode(document.getElementById(id).content, true).firstElementChild;
  const parts = [...element.querySelectorAll('[data-part]')].map((part) => [part.dataset.part, part]);
  return { element, ...Object.fromEntries(parts) };
}

// What is there already is not written again: a selection of it would be lost.
export function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
