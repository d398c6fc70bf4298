// The room's protocol: who is there, and who offers to whom. One peer for each id.
//
// Who meets somebody new offers at once, so that both directions have their media sections whoever has a stream.
// When two offer to each other, the smaller id gives way. One offer for each connection: a second one from the
// same id is a new connection, which takes the place of the old one.
//
// Whoever reaches the relay is in the room, and is not trusted with more than the gateway trusts it with
// (docs/signalling.md): what goes beyond it is passed over.

import { isSmaller } from './ids.js';
import { Pace } from './pace.js';
import { Peer } from './peer.js';

const KNOCKS = [1000, 4000]; // ms after a connection was lost; then the peer counts as gone
const KNOCK_ANSWER = 3000; // ms
const WORTH_KNOCKING = ['silent', 'unreachable', 'misunderstood'];
const MOST_PEERS = 64; // those that were lost and are knocked for among them
const MEETINGS = { every: 200, burst: MOST_PEERS }; // a full room may come back in a moment
const MESSAGES = { every: 5, burst: 400 }; // of one peer

export class Room {
  peers = new Map();
  #id;
  #iceServers;
  #relay;
  #on;
  #stream = null;
  #knocks = new Map(); // id -> { timer, count } of peers that were lost
  #meetings = new Pace(MEETINGS);

  // `relay` has `send(event, data)`. `on` holds `change(peer)`, `message(peer, data)`,
  // `end(peer, { why, triesAgain })` and `keyOf(name)`.
  constructor(id, iceServers, relay, on) {
    this.#id = id;
    this.#iceServers = iceServers;
    this.#relay = relay;
    this.#on = on;
  }

  get id() {
    return this.#id;
  }

  // Also after the relay was away: somebody may have come meanwhile. Peers that are connected stay.
  enter() {
    this.#send('join');
  }

  // Under a new id, in which others see somebody new: all are met again.
  enterAnew(newId) {
    this.leave();
    this.#id = newId;
    this.enter();
  }

  // Closes all connections.
  leave() {
    for (const { timer } of this.#knocks.values()) clearTimeout(timer);
    this.#knocks.clear();
    for (const peer of [...this.peers.values()]) peer.close();
  }

  // Sends other media from now on. Peers negotiated the kinds of media when they met; where those change, all are
  // met again, under a new id: that is what others expect of a page.
  async useStream(stream, newId) {
    const same = kinds(this.#stream) === kinds(stream);
    this.#stream = stream;
    if (same) {
      await Promise.all([...this.peers.values()].map((peer) => peer.replaceStream(stream)));
      return;
    }
    this.enterAnew(newId);
  }

  // Asks one peer to meet us again, if it is still there.
  call(id) {
    this.#send('join', { receiver: id });
  }

  // To how many it went.
  say(text) {
    return [...this.peers.values()].filter((peer) => peer.sendText(text)).length;
  }

  handle({ event, data }) {
    const { sender, receiver } = data;
    if (sender === this.#id || (receiver && receiver !== this.#id)) return;
    const peer = this.peers.get(sender);
    switch (event) {
      case 'join':
        // Who is connected has been away from the relay, or is new under its old id. Only in the
        // second case will it make an offer.
        if (isThere(peer)) this.#send('requestConnect', { receiver: sender });
        else this.#meet(sender)?.offer();
        break;
      case 'requestConnect':
        if (!peer) this.#meet(sender)?.offer();
        break;
      case 'sdp':
        this.#handleDescription(sender, peer, data.sdp);
        break;
      case 'candidate':
        peer?.addCandidate(data.candidate);
        break;
    }
  }

  #handleDescription(sender, peer, sdp) {
    if (sdp?.type === 'answer') {
      if (peer?.hasOffered) peer.acceptAnswer(sdp);
    } else if (sdp?.type === 'offer') {
      if (peer?.hasOffered && isSmaller(sender, this.#id)) return; // the other side gives way
      this.#meet(sender)?.acceptOffer(sdp);
    }
  }

  // null where it is one too many.
  #meet(id) {
    if (!this.#hasPlaceFor(id) || !this.#meetings.admits()) return null;
    this.peers.get(id)?.close('replaced');
    clearTimeout(this.#knocks.get(id)?.timer);
    const messages = new Pace(MESSAGES);
    const peer = new Peer(id, this.#id, this.#iceServers, this.#stream, {
      send: (event, data) => this.#send(event, { receiver: id, ...data }),
      change: () => {
        if (peer.state === 'connected') this.#knocks.delete(id);
        this.#on.change(peer);
      },
      message: (data) => messages.admits() && this.#on.message(peer, data),
      keyOf: (name) => this.#on.keyOf(name),
      end: (why) => this.#handleEnd(peer, why),
    });
    this.peers.set(id, peer);
    this.#on.change(peer);
    return peer;
  }

  #hasPlaceFor(id) {
    const known = new Set([...this.peers.keys(), ...this.#knocks.keys()]);
    return known.has(id) || known.size < MOST_PEERS;
  }

  #handleEnd(peer, why) {
    if (this.peers.get(peer.id) === peer) this.peers.delete(peer.id);
    const triesAgain = WORTH_KNOCKING.includes(why) && this.#knock(peer, why);
    if (!triesAgain && why !== 'replaced') this.#knocks.delete(peer.id);
    this.#on.end(peer, { why, triesAgain });
  }

  // Calls it, later.
  #knock(peer, why) {
    const knock = this.#knocks.get(peer.id) ?? { count: 0 };
    const wait = KNOCKS[knock.count++];
    if (!wait) return false;
    this.#knocks.set(peer.id, knock);
    knock.timer = setTimeout(() => {
      this.call(peer.id);
      knock.timer = setTimeout(() => {
        if (!this.#knock(peer, why)) this.#giveUp(peer, why);
      }, KNOCK_ANSWER);
    }, wait);
    return true;
  }

  #giveUp(peer, why) {
    this.#knocks.delete(peer.id);
    this.#on.end(peer, { why, triesAgain: false });
  }

  #send(event, data) {
    this.#relay.send(event, { sender: this.#id, ...data });
  }
}

function isThere(peer) {
  return peer?.state === 'connected' || peer?.state === 'interrupted';
}

function kinds(stream) {
  const all = stream?.getTracks().map((track) => track.kind) ?? [];
  return [...new Set(all)].sort().join();
}
