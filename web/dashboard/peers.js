// Who is there: our own appearances in rooms, and the peers that they meet.

import { Chart, Rate } from './chart.js';
import { List, fromTemplate, say } from './list.js';
import { bitrateWords, channelWords, connectionWords, percentWords, relayWords, trackWords, wayWords } from './words.js';

export class Members {
  #list = new List('members', () => new Member());

  show({ members }) {
    this.#list.show(members, ({ id, room }) => JSON.stringify([id, room]));
  }
}

class Member {
  #parts = fromTemplate('member');

  get element() {
    return this.#parts.element;
  }

  show({ id, room, relay }) {
    const { name, room: where, relay: words } = this.#parts;
    say(name, id);
    say(where, room);
    say(words, relayWords(relay));
    words.className = relay.state === 'connected' ? '' : 'why';
  }
}

export class Peers {
  #list;
  #views = new Set();

  constructor(api, attempt) {
    this.#list = new List('peers', () => {
      const view = new Peer(api, attempt);
      this.#views.add(view);
      return view;
    });
  }

  show({ members, recordings }) {
    const isOneOfMany = members.length > 1;
    const peers = members.flatMap(({ id: member, room, peers: theirs }) => {
      const hasNamesake = members.filter(({ id }) => id === member).length > 1;
      const where = hasNamesake ? `${member}, ${room}` : member;
      return theirs.map((peer) => {
        const isRecorded = recordings.some((one) => one.member === member && one.peer === peer.id);
        return { member, room, where, isOneOfMany, isRecorded, ...peer };
      });
    });
    this.#list.show(peers, ({ member, room, id }) => JSON.stringify([member, room, id]));
    for (const view of this.#views) {
      if (!view.element.isConnected) this.#views.delete(view);
    }
  }

  // A second of which nothing is known.
  miss() {
    for (const view of this.#views) view.miss();
  }
}

class Peer {
  #parts = fromTemplate('peer');
  #charts;
  #sent = new Map();
  #received = new Map();
  #member;
  #id;

  constructor(api, attempt) {
    const { bitrate, loss, roundTrip, record, close } = this.#parts;
    this.#charts = {
      bitrate: new Chart(bitrate, 'Sent to it', 100e3, bitrateWords),
      loss: new Chart(loss, 'Loss', 0.1, percentWords),
      roundTrip: new Chart(roundTrip, 'Round trip', 100, (ms) => `${Math.round(ms)} ms`),
    };
    const who = () => ({ member: this.#member, peer: this.#id });
    record.onclick = () => attempt('Not recorded', () => api.ask('POST', 'recordings', { what: 'remote', ...who() }));
    close.onclick = () => attempt('Not disconnected', () => api.ask('DELETE', `peers/${encodeURIComponent(this.#id)}`));
  }

  get element() {
    return this.#parts.element;
  }

  show(peer) {
    const { element, name, grade, verdict, state, way, sending, receiving, estimate, channel, record, close } = this.#parts;
    [this.#member, this.#id] = [peer.member, peer.id];
    element.dataset.peer = peer.id;
    element.dataset.grade = peer.verdict?.grade ?? '';
    say(name, peer.isOneOfMany ? `${peer.id} (${peer.where})` : peer.id);
    say(grade, peer.verdict?.grade ?? '');
    say(verdict, peer.verdict?.words ?? '');
    say(state, connectionWords(peer));
    say(way, wayWords(peer.way));
    record.hidden = peer.isRecorded;
    record.setAttribute('aria-label', `Record ${peer.id}`);
    // It goes from every room that we are in.
    const disconnect = peer.isOneOfMany ? 'Disconnect everywhere' : 'Disconnect';
    say(close, disconnect);
    close.setAttribute('aria-label', peer.isOneOfMany ? `${disconnect}: ${peer.id}` : `${disconnect} ${peer.id}`);

    const now = performance.now();
    const sent = ratedBits(this.#sent, peer.sending, now);
    const received = ratedBits(this.#received, peer.receiving, now);
    say(sending, listed(peer.sending.map((track, at) => trackWords(track, sent[at]))));
    say(receiving, listed(peer.receiving.map(({ kind, codec }, at) => trackWords({ kind, codec }, received[at]))));
    const bears = peer.link?.estimate ?? null;
    say(estimate, bears === null ? 'not known' : bitrateWords(bears));
    say(channel, channelWords(peer.channel));

    const isKnown = sent.some((bits) => bits !== null);
    this.#charts.bitrate.add(isKnown ? sent.reduce((sum, bits) => sum + (bits ?? 0), 0) : null);
    this.#charts.loss.add(peer.link?.lost ?? null);
    this.#charts.roundTrip.add(peer.link?.round_trip_ms ?? null);
  }

  miss() {
    for (const chart of Object.values(this.#charts)) chart.add(null);
  }
}

// Of each track. Several may be of one kind: their places in the list tell them apart.
function ratedBits(rates, tracks, now) {
  return tracks.map(({ kind, bytes }, at) => {
    const track = `${kind} ${at}`;
    if (!rates.has(track)) rates.set(track, new Rate());
    const rate = rates.get(track).of(bytes, now);
    return rate === null ? null : rate * 8;
  });
}

function listed(words) {
  return words.length > 0 ? words.join('; ') : 'nothing';
}
