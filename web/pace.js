// How often others may have the page do something: once in so many ms, and so many times at once after it was quiet.

export class Pace {
  #every;
  #slack;
  #paid = 0; // when all that was counted so far would have been through

  constructor({ every, burst }) {
    this.#every = every;
    this.#slack = every * (burst - 1);
  }

  // Counts one if it keeps to the pace.
  admits() {
    const now = performance.now();
    const ahead = Math.max(this.#paid, now);
    if (ahead > now + this.#slack) return false;
    this.#paid = ahead + this.#every;
    return true;
  }
}
