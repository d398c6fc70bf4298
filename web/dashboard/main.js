// The dashboard: what the gateway says of itself, asked each second, and what happens in it, as it happens.

import { Api, Refused, Unauthorized } from './api.js';
import { Entry } from './entry.js';
import { Events } from './events.js';
import { Gateway } from './gateway.js';
import { Kept } from './kept.js';
import { Encoders, Sources } from './media.js';
import { Members, Peers } from './peers.js';
import { Player } from './player.js';
import { Running } from './running.js';
import { dismiss, notice } from '../notices.js';

const PERIOD = 1000; // ms; the gateway looks at its peers each second
const RETRY = 2000; // ms, where it does not answer

const api = new Api();
const gateway = new Gateway();
const entry = new Entry(api);
const events = new Events();
const panels = [
  new Members(),
  new Peers(api, attempt),
  new Sources(),
  new Encoders(),
  new Running(api, attempt),
  new Kept(api, new Player(api), attempt),
];

// Does what a person wanted, and says so where it did not work.
async function attempt(what, work) {
  dismiss('attempt');
  try {
    await work();
  } catch (problem) {
    if (problem instanceof Unauthorized) await entry.ask();
    else notice('attempt', `${what}: ${problem.message}`);
  }
}

async function followState() {
  for (;;) {
    try {
      const state = await api.ask('GET', 'state');
      gateway.isHere(state);
      for (const panel of panels) panel.show(state);
      await pause(PERIOD);
    } catch (problem) {
      if (problem instanceof Unauthorized) {
        await entry.ask();
        continue;
      }
      for (const panel of panels) panel.miss?.();
      gateway.isAway(problem instanceof Refused ? problem.message : undefined);
      await pause(RETRY);
    }
  }
}

async function followEvents() {
  for (;;) {
    try {
      for await (const event of api.events()) events.add(event);
    } catch (problem) {
      if (problem instanceof Unauthorized) await entry.ask();
      // That the gateway is away is told by who asks for the state.
    }
    events.end();
    await pause(PERIOD);
  }
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

followState();
followEvents();
