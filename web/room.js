// The room's protocol: who is there, and who offers to whom. One peer for each id.
//
// Who meets somebody new offers at once, so that both directions have their media sections whoever has a stream.
// When two offer to each other, the smaller id gives way. One offer for each connection: a second one from the
// same id is a new connection. The relay does not check who sends what, so one that is connected stays until the new one
// is, too.
//
// Whoever reaches the relay is in the room, and is not trusted with more than the gateway trusts it with
// (docs/signalling.md): what goes beyond it is passed over.

import { isSmaller } from './ids.js';
import { Pace } from './pace.js';
import { Peer } from './peer.js';

const KNOCKS = [1000, 4000]; // ms after a connection was lost; then the peer counts as gone
const KNOCK_ANSWER = 3000; // ms
const WORTH_KNOCKING = ['silent', 'unreachable', 'misunderstood'];
const BESIDE_LIMIT = 30000; // ms for a new connection beside one of the same id
const MOST_PEERS = 64; // those that were lost and are knocked for among them, and those beside others
const MEETINGS = { every: 200, burst: MOST_PEERS }; // a full room may come back in a moment
const MESSAGES = { every: 5, burst: 400 }; // of one peer

export class Room {
  peers = new Map();
  #id;
  #iceServers;
  #relay;
  #on;
  #stream = null;
  #beside = new Map(); // id -> what is met in the name of a peer that is connected; nobody hears of it
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
    for (const peer of this.#all()) peer.close();
  }

  // Sends other media from now on. Peers negotiated the kinds of media when they met; where those change, all are
  // met again, under a new id: that is what others expect of a page.
  async useStream(stream, newId) {
    const same = kinds(this.#stream) === kinds(stream);
    this.#stream = stream;
    if (same) {
      await Promise.all(this.#all().map((peer) => peer.replaceStream(stream)));
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
        for (const one of [peer, this.#beside.get(sender)]) one?.addCandidate(data.candidate); // it names whose it is
        break;
    }
  }

  // Those beside others first: they are nobody's heirs then.
  #all() {
    return [...this.#beside.values(), ...this.peers.values()];
  }

  #handleDescription(sender, peer, sdp) {
    if (sdp?.type === 'answer') {
      if (peer?.hasOffered) peer.acceptAnswer(sdp);
    } else if (sdp?.type === 'offer') {
      if (peer?.hasOffered && isSmaller(sender, this.#id)) return; // the other side gives way
      (isThere(peer) ? this.#meetBeside(sender) : this.#meet(sender))?.acceptOffer(sdp);
    }
  }

  // null where it is one too many.
  #meet(id) {
    if (!this.#hasPlaceFor(id) || !this.#meetings.admits()) return null;
    this.peers.get(id)?.close('replaced');
    clearTimeout(this.#knocks.get(id)?.timer);
    const peer = this.#make(id);
    this.#show(peer);
    return peer;
  }

  // The same, of who may be another.
  #meetBeside(id) {
    this.#beside.get(id)?.close('replaced');
    if (!this.#hasPlaceFor(null) || !this.#meetings.admits()) return null;
    const newcomer = this.#make(id);
    this.#beside.set(id, newcomer);
    setTimeout(() => this.#beside.get(id) === newcomer && newcomer.close('unanswered'), BESIDE_LIMIT);
    return newcomer;
  }

  #make(id) {
    const messages = new Pace(MESSAGES);
    const peer = new Peer(id, this.#id, this.#iceServers, this.#stream, {
      send: (event, data) => this.#send(event, { receiver: id, ...data }),
      change: () => this.#handleChange(peer),
      message: (data) => this.peers.get(id) === peer && messages.admits() && this.#on.message(peer, data),
      keyOf: (name) => this.#on.keyOf(name),
      end: (why) => this.#handleEnd(peer, why),
    });
    return peer;
  }

  #show(peer) {
    this.peers.set(peer.id, peer);
    this.#on.change(peer);
  }

  #hasPlaceFor(id) {
    const known = new Set([...this.peers.keys(), ...this.#knocks.keys()]);
    return known.has(id) || known.size + this.#beside.size < MOST_PEERS;
  }

  #handleChange(peer) {
    if (this.#beside.get(peer.id) === peer) {
      const present = this.peers.get(peer.id);
      if (isAsGoodAs(peer, present)) present.close('replaced'); // it is the heir
      return;
    }
    if (peer.state === 'connected') this.#knocks.delete(peer.id);
    this.#on.change(peer);
  }

  #handleEnd(peer, why) {
    const heir = this.#beside.get(peer.id);
    if (peer === heir) {
      this.#beside.delete(peer.id);
      return;
    }
    if (this.peers.get(peer.id) === peer) this.peers.delete(peer.id);
    if (heir) {
      this.#beside.delete(peer.id);
      this.#on.end(peer, { why: 'replaced', triesAgain: false });
      this.#show(heir);
      return;
    }
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

// Who has proved the room's key gives way only to who has, too.
function isAsGoodAs(newcomer, present) {
  return newcomer.state === 'connected' && (present.trust !== 'proved' || newcomer.trust === 'proved');
}

function kinds(stream) {
  const all = stream?.getTracks().map((track) => track.kind) ?? [];
  return [...new Set(all)].sort().join();
}
