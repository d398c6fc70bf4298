// One connection to one remote peer. Its states go forward only, but for `interrupted` and back:
// `meeting` (descriptions travel), `searching` (a way is looked for), `connected`, `interrupted`, `ended`.

import { randomId } from './ids.js';
import { Trust, canProve, readTrust } from './trust.js';

const KINDS = ['audio', 'video'];
const MEETING_LIMIT = 10000; // ms for the descriptions
const SEARCHING_LIMIT = 20000; // ms for a way
const INTERRUPTED_LIMIT = 5000; // ms without an answer, after which the peer counts as gone
const PROOF_LIMIT = 5000; // ms for a peer to take our proof and give its own: a gateway that does not take it goes, silently
const HELD_CANDIDATES = 64;

export class Peer {
  state = 'meeting';
  stream = new MediaStream(); // what it sends
  hasOffered = false; // our offer is out, and no answer came
  keyName = ''; // of the key that it has asked for
  #connection;
  #channel = null;
  #local;
  #on;
  #held = []; // candidates that came before the description
  #outbox = []; // our candidates, which must not overtake our description
  #limit = 0;
  #trust;
  #proofLimit = 0;

  // `own` is our id, `local` the stream to send, or null. `on` holds `send(event, data)`, `change()`, `message(data)`,
  // `end(why)`, and `keyOf(name)`, which gives the key of that name, or null.
  constructor(id, own, iceServers, local, on) {
    this.id = id;
    this.#trust = new Trust(id, own);
    this.#on = on;
    this.#local = local;
    this.#connection = new RTCPeerConnection({ iceServers });
    this.#connection.onicecandidate = ({ candidate }) => candidate && this.#sendCandidate(candidate);
    this.#connection.onconnectionstatechange = () => this.#followConnection();
    this.#connection.ontrack = ({ track }) => this.#addTrack(track);
    this.#connection.ondatachannel = ({ channel }) => this.#useChannel(channel);
    this.#endAfter(MEETING_LIMIT, 'unanswered');
  }

  // Sections for sound and picture are offered in any case: who has no stream still wants to see.
  async offer() {
    this.hasOffered = true;
    for (const kind of KINDS) {
      const track = this.#localTrack(kind);
      this.#connection.addTransceiver(track ?? kind, {
        direction: track ? 'sendrecv' : 'recvonly',
        streams: track ? [this.#local] : [],
      });
    }
    this.#useChannel(this.#connection.createDataChannel(randomId()));
    await this.#describe(() => this.#connection.createOffer());
  }

  async acceptOffer(sdp) {
    for (const track of this.#local?.getTracks() ?? []) this.#connection.addTrack(track, this.#local);
    await this.#attempt(async () => {
      await this.#connection.setRemoteDescription(sdp);
      await this.#addHeld();
    });
    await this.#describe(() => this.#connection.createAnswer());
  }

  async acceptAnswer(sdp) {
    this.hasOffered = false;
    await this.#attempt(async () => {
      await this.#connection.setRemoteDescription(sdp);
      await this.#addHeld();
    });
  }

  async addCandidate(candidate) {
    if (this.state === 'ended') return;
    if (this.#connection.remoteDescription) await this.#add(candidate);
    else if (this.#held.length < HELD_CANDIDATES) this.#held.push(candidate);
  }

  // `unasked`; `proving`, meanwhile it is nobody; or `proved`, that it has the room's key.
  get trust() {
    return this.#trust.state;
  }

  get canSend() {
    return this.#channel?.readyState === 'open' && this.trust !== 'proving';
  }

  // Whether it went out.
  sendText(text) {
    if (!this.canSend) return false;
    try {
      this.#channel.send(text);
      return true;
    } catch {
      return false; // too much waits to be sent to it
    }
  }

  // Other tracks of the same kinds, without a new negotiation.
  async replaceStream(stream) {
    this.#local = stream;
    for (const sender of this.#connection.getSenders()) {
      const kind = sender.track?.kind;
      if (kind) await sender.replaceTrack(this.#localTrack(kind)).catch(() => {});
    }
  }

  stats() {
    return this.#connection.getStats();
  }

  // How loud its sound is now, 0 to 1, as its sender says in each packet; 0 where it says nothing.
  get saidLevel() {
    const receivers = this.#connection.getReceivers().filter(({ track }) => track.kind === 'audio');
    const levels = receivers.flatMap((receiver) => receiver.getSynchronizationSources().map(({ audioLevel }) => audioLevel ?? 0));
    return Math.max(0, ...levels);
  }

  close(why = 'closed') {
    if (this.state === 'ended') return;
    this.state = 'ended';
    clearTimeout(this.#limit);
    clearTimeout(this.#proofLimit);
    if (this.#channel) this.#channel.onclose = null;
    this.#channel?.close();
    this.#connection.close();
    this.#on.end(why);
  }

  #localTrack(kind) {
    return this.#local?.getTracks().find((track) => track.kind === kind) ?? null;
  }

  async #describe(make) {
    await this.#attempt(async () => {
      await this.#connection.setLocalDescription(await make());
      const { type, sdp } = this.#connection.localDescription;
      this.#on.send('sdp', { sdp: { type, sdp } });
      const waiting = this.#outbox;
      this.#outbox = null;
      for (const candidate of waiting) this.#sendCandidate(candidate);
    });
  }

  #sendCandidate(candidate) {
    if (this.#outbox) this.#outbox.push(candidate);
    else this.#on.send('candidate', { candidate: candidate.toJSON() });
  }

  async #addHeld() {
    for (const candidate of this.#held.splice(0)) await this.#add(candidate);
  }

  async #add(candidate) {
    if (!candidate?.candidate || this.#isOfAnEarlierSession(candidate)) return;
    try {
      await this.#connection.addIceCandidate(candidate);
    } catch (error) {
      console.warn(`a candidate of ${this.id} is of no use:`, error.message); // others may do
    }
  }

  // A peer that gave way has sent candidates of the offer it dropped.
  #isOfAnEarlierSession({ usernameFragment }) {
    const { sdp } = this.#connection.remoteDescription;
    return usernameFragment && !sdp.includes(`a=ice-ufrag:${usernameFragment}`);
  }

  #addTrack(track) {
    this.stream.addTrack(track);
    track.onmute = track.onunmute = () => this.#changed();
    track.onended = () => {
      this.stream.removeTrack(track);
      this.#changed();
    };
    this.#changed();
  }

  // One channel for each peer: the last one wins, whoever made it.
  #useChannel(channel) {
    channel.binaryType = 'arraybuffer';
    channel.onopen = () => this.#changed();
    channel.onmessage = ({ data }) => this.#hear(data);
    channel.onclose = () => channel === this.#channel && this.#left();
    this.#channel = channel;
    this.#changed();
  }

  #hear(data) {
    const said = readTrust(data);
    if (said) this.#hearOfTrust(said);
    else if (this.trust !== 'proving') this.#on.message(data);
  }

  // Once for a connection; what comes beside its turn says nothing.
  async #hearOfTrust({ room, nonce, proof }) {
    if (nonce && this.trust === 'unasked') await this.#prove(room, nonce);
    if (proof && this.trust === 'proving') await this.#checkProof(proof);
  }

  // Who has no key ends it here: a peer that waits in vain takes us for somebody who guesses.
  async #prove(room, nonce) {
    this.keyName = room;
    if (!canProve) return this.close('insecure');
    const key = this.#on.keyOf(room);
    if (key === null) return this.close('locked');
    this.#proofLimit = setTimeout(() => this.close('refused'), PROOF_LIMIT);
    const proof = await this.#trust.prove({ room, nonce }, key, this.#connection);
    if (this.#channel.readyState === 'open') this.#channel.send(proof);
    this.#changed();
  }

  async #checkProof(proof) {
    if (!(await this.#trust.accept(proof))) return this.close('unproved');
    clearTimeout(this.#proofLimit);
    this.#changed();
  }

  // Who goes instead of proving anything did not take our proof.
  #left() {
    this.close(this.trust === 'proving' ? 'refused' : 'left');
  }

  #followConnection() {
    const now = this.#connection.connectionState;
    if (now === 'connecting' && this.state === 'meeting') this.#go('searching', SEARCHING_LIMIT, 'unreachable');
    if (now === 'connected') this.#go('connected');
    if (now === 'disconnected') this.#go('interrupted', INTERRUPTED_LIMIT, 'silent');
    if (now === 'failed') this.close(this.state === 'searching' ? 'unreachable' : 'silent');
    if (now === 'closed') this.#left();
  }

  #go(state, limit, why) {
    if (this.state === 'ended' || this.state === state) return;
    this.state = state;
    this.#endAfter(limit, why);
    this.#changed();
  }

  #endAfter(limit, why) {
    clearTimeout(this.#limit);
    if (limit) this.#limit = setTimeout(() => this.close(why), limit);
  }

  // Tracks and channels still report after the end; nobody wants to know.
  #changed() {
    if (this.state !== 'ended') this.#on.change();
  }

  // What fails in a negotiation ends this peer, and nothing else.
  async #attempt(step) {
    if (this.state === 'ended') return;
    try {
      await step();
    } catch (error) {
      if (this.state === 'ended') return; // closed in between
      console.warn(`the negotiation with ${this.id} failed:`, error.message);
      this.close('misunderstood');
    }
  }
}
