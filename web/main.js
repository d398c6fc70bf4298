// The page: a relay, a room, and what a person sees of them. It is in the room as soon as it is open, receiving
// only, which needs no permission; sending is a choice.

import { ICE_SERVERS } from './ice.js';
import { randomId, shortName } from './ids.js';
import { KeyForm } from './key_form.js';
import { forgetKey, keyOf, useKey } from './keys.js';
import { Messages } from './messages.js';
import { dismiss, notice } from './notices.js';
import { Relay } from './relay.js';
import { RelayStatus } from './relay_status.js';
import { Room } from './room.js';
import { Sending } from './sending.js';
import { Tiles } from './tiles.js';
import { endWords, tryingAgainWords } from './words.js';

const ROOM_NAME = new URLSearchParams(location.search).get('room') || decoded(location.hash.slice(1));

const WORTH_A_NOTICE = ['unreachable', 'misunderstood', 'insecure', 'unproved'];

const relay = new Relay(relayUrl(), {
  up: () => {
    status.show('up');
    room.enter();
  },
  down: ({ retryInMs }) => status.countDown(retryInMs),
  message: (message) => room.handle(message),
});

const status = new RelayStatus(() => relay.retryNow());
const tiles = new Tiles();
const messages = new Messages((text) => room.say(text));

const keyForm = new KeyForm((name, key, { peers, wasRefused }) => {
  useKey(name, key);
  // Who showed a wrong key is ignored for a while under the id that it had.
  if (wasRefused) room.enterAnew(randomId());
  else for (const id of peers) room.call(id);
});

const room = new Room(randomId(), ICE_SERVERS, relay, {
  change: (peer) => {
    if (peer.state === 'connected') dismiss(peer.id);
    tiles.show(peer);
    countListeners();
  },
  message: (peer, data) => messages.add(shortName(peer.id), data),
  keyOf: (name) => {
    document.body.dataset.asked = 'key'; // from now on it is said who has not proved it
    return keyOf(name);
  },
  end: (peer, { why, triesAgain }) => {
    countListeners();
    if (why === 'replaced') return;
    if (triesAgain) {
      tiles.say(peer.id, tryingAgainWords(why));
      return;
    }
    tiles.remove(peer.id);
    if (why === 'refused') forgetKey(peer.keyName);
    if (why === 'refused' || why === 'locked') keyForm.ask(peer.keyName, peer.id, why === 'refused');
    const words = endWords(shortName(peer.id), why);
    if (words) messages.note(words);
    if (WORTH_A_NOTICE.includes(why)) notice(peer.id, words);
  },
});

function countListeners() {
  messages.setListeners([...room.peers.values()].filter((peer) => peer.canSend).length);
}

// Where it was written by hand, a % may stand for itself.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function relayUrl() {
  const url = new URL(ROOM_NAME ? `/signal/${encodeURIComponent(ROOM_NAME)}` : '/signal', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = url.hash = '';
  return url.href;
}

new Sending((stream) => room.useStream(stream, randomId()));

// A page that says nothing when it goes is missed only after seconds.
addEventListener('pagehide', () => room.leave());
addEventListener('pageshow', ({ persisted }) => persisted && room.enter());
addEventListener('hashchange', () => location.reload());

document.getElementById('room-name').textContent = ROOM_NAME;
document.title = ROOM_NAME ? `${ROOM_NAME} · peergate` : 'peergate';
countListeners();
relay.open();
