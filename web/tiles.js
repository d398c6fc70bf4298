// All remote peers on the page. Those that send nothing stand in a line of their own, below.

import { Tile } from './tile.js';

export class Tiles {
  #tiles = new Map();
  #grid = document.getElementById('tiles');
  #watchers = document.getElementById('watchers');
  #stage = document.getElementById('stage');
  #isSoundOn = false; // once a person has switched it on, who comes later is heard as well

  show(peer) {
    let tile = this.#tiles.get(peer.id);
    if (!tile) {
      tile = new Tile(peer.id, this.#isSoundOn, { sound: (isOn) => (this.#isSoundOn = isOn) });
      this.#tiles.set(peer.id, tile);
      this.#grid.append(tile.element);
    }
    tile.update(peer);
    this.#place(tile);
  }

  say(id, words) {
    this.#tiles.get(id)?.say(words);
  }

  remove(id) {
    this.#tiles.get(id)?.remove();
    this.#tiles.delete(id);
    this.#count();
  }

  #place(tile) {
    const home = tile.shows === 'nothing' ? this.#watchers : this.#grid;
    if (tile.element.parentElement !== home) home.append(tile.element);
    this.#count();
  }

  #count() {
    const count = this.#grid.childElementCount;
    this.#stage.dataset.tiles = count;
    this.#stage.dataset.alone = String(this.#tiles.size === 0);
    this.#grid.style.setProperty('--columns', Math.ceil(Math.sqrt(count)) || 1);
  }
}
