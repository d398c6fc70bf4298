// A figure over the last minutes, once a second, as a curve.

const KEPT = 300; // s
const SHORTEST = 60; // s that the whole width shows at least
const [WIDTH, HEIGHT] = [300, 40]; // of the view box

export class Chart {
  #caption;
  #picture;
  #curve;
  #area;
  #name;
  #words;
  #least;
  #values = [];

  // `words(value)` writes a value with its unit; the curve is as high as the highest value, or as `least`.
  constructor(figure, name, least, words) {
    this.#caption = figure.querySelector('figcaption');
    this.#picture = figure.querySelector('svg');
    this.#curve = figure.querySelector('.curve');
    this.#area = figure.querySelector('.area');
    this.#name = name;
    this.#least = least;
    this.#words = words;
  }

  // The value of another second; null where it is not known.
  add(value) {
    this.#values.push(value);
    if (this.#values.length > KEPT) this.#values.shift();
    this.#draw();
  }

  #draw() {
    const known = this.#values.filter((value) => value !== null);
    const highest = Math.max(0, ...known);
    const now = this.#values.at(-1);
    const words = now === null ? 'not known' : this.#words(now);
    this.#caption.textContent = `${this.#name}: ${words}`;
    const most = known.length > 0 ? `, at most ${this.#words(highest)}` : '';
    this.#picture.setAttribute('aria-label', `${this.#name} of the last ${KEPT / 60} minutes: now ${words}${most}`);
    const runs = this.#runs(Math.max(highest, this.#least));
    const line = (points) => points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L');
    this.#curve.setAttribute('d', runs.map((points) => `M${line(points)}`).join(''));
    this.#area.setAttribute(
      'd',
      runs.map((points) => `M${line([[points[0][0], HEIGHT], ...points, [points.at(-1)[0], HEIGHT]])}Z`).join(''),
    );
  }

  // The points of what is known without a gap, the latest at the right edge.
  #runs(top) {
    const runs = [];
    const step = WIDTH / (Math.max(SHORTEST, this.#values.length) - 1);
    let isOpen = false;
    this.#values.forEach((value, at) => {
      if (value === null) {
        isOpen = false;
        return;
      }
      if (!isOpen) runs.push([]);
      isOpen = true;
      runs.at(-1).push([WIDTH - (this.#values.length - 1 - at) * step, HEIGHT - 1 - (value / top) * (HEIGHT - 3)]);
    });
    return runs;
  }
}

const SPAN = 3000; // ms

// How much a counter grows in a second, by what it was some seconds ago: the gateway counts each second, and is asked
// each second, but not at the same moment.
export class Rate {
  #seen = [];

  // null until it is known.
  of(count, now) {
    // After a restart it begins anew.
    if (count < this.#seen.at(-1)?.count) this.#seen = [];
    this.#seen.push({ count, now });
    while (this.#seen.length > 2 && now - this.#seen[1].now >= SPAN) this.#seen.shift();
    const [first] = this.#seen;
    const passed = now - first.now;
    return passed >= SPAN ? ((count - first.count) * 1000) / passed : null;
  }
}
