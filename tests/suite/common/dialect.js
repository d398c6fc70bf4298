// A page that behaves in the room as pages of the `peer-connector` library do, written from what is known of its
// behaviour (docs/signalling.md). What it saw is in `window.seen`, for the test.
//
// Query: `relay`, `id`, `stream` (`camera` or `none`).

const query = new URLSearchParams(location.search);
const own = query.get('id');
const seen = (window.seen = { isReady: false, errors: [], connected: [], closed: [], opened: [], messages: [], requests: [] });
const connections = (window.connections = new Map());

class Connection {
  constructor(id) {
    this.id = id;
    this.stream = null;
    this.channel = null;
    this.rtc = new RTCPeerConnection({ iceServers: [] });
    localStream?.getTracks().forEach((track) => this.rtc.addTrack(track, localStream));
    this.rtc.onicecandidate = ({ candidate }) => candidate && send('candidate', { receiver: id, candidate });
    this.rtc.ondatachannel = ({ channel }) => this.use(channel);
    // The first stream is THE stream; what comes in others is never looked at.
    this.rtc.ontrack = ({ streams }) => {
      if (this.stream) return;
      this.stream = streams[0];
      const video = document.body.appendChild(document.createElement('video'));
      Object.assign(video, { autoplay: true, muted: true, playsInline: true, srcObject: this.stream });
      video.dataset.peer = id;
    };
    this.rtc.oniceconnectionstatechange = () => {
      if (this.rtc.iceConnectionState === 'connected') seen.connected.push(id);
      if (this.rtc.iceConnectionState === 'disconnected') seen.closed.push(id);
    };
    connections.set(id, this);
  }

  use(channel) {
    this.channel = channel;
    channel.onopen = () => seen.opened.push(this.id);
    channel.onmessage = ({ data }) => seen.messages.push(data);
    channel.onclose = () => seen.closed.push(this.id);
  }

  async describe(make) {
    const description = await make();
    this.rtc.setLocalDescription(description); // not waited for
    return { type: description.type, sdp: description.sdp };
  }

  say(text) {
    if (this.channel?.readyState !== 'open' || this.rtc.iceConnectionState !== 'connected') return false;
    this.channel.send(text);
    return true;
  }
}

const answers = {
  join: ({ sender }) => send('requestConnect', { receiver: sender }),

  requestConnect: async ({ sender }) => {
    seen.requests.push(sender);
    const connection = new Connection(sender);
    connection.use(connection.rtc.createDataChannel(crypto.randomUUID().slice(0, 20)));
    const sdp = await connection.describe(() => connection.rtc.createOffer());
    send('sdp', { receiver: sender, sdp });
  },

  sdp: async ({ sender, sdp }) => {
    if (sdp.type === 'answer') {
      await known(sender).rtc.setRemoteDescription(sdp);
      return;
    }
    const connection = new Connection(sender); // in place of an earlier one, which stays open
    await connection.rtc.setRemoteDescription(sdp);
    send('sdp', { receiver: sender, sdp: await connection.describe(() => connection.rtc.createAnswer()) });
  },

  candidate: ({ sender, candidate }) => known(sender).rtc.addIceCandidate(candidate),
};

function known(id) {
  const connection = connections.get(id);
  if (!connection) throw new Error(`a message of ${id}, whom nobody here knows`);
  return connection;
}

function send(event, data = {}) {
  socket.send(JSON.stringify({ event, data: { sender: own, ...data } }));
}

addEventListener('error', ({ message }) => seen.errors.push(message));
addEventListener('unhandledrejection', ({ reason }) => seen.errors.push(String(reason)));

const wantsCamera = query.get('stream') === 'camera';
const localStream = wantsCamera ? await navigator.mediaDevices.getUserMedia({ video: true, audio: true }) : null;
const socket = new WebSocket(query.get('relay'));
socket.onmessage = async ({ data: frame }) => {
  const { event, data } = JSON.parse(typeof frame === 'string' ? frame : await frame.text());
  if (data.receiver && data.receiver !== own) return;
  await answers[event]?.(data);
};
socket.onopen = () => {
  send('join');
  seen.isReady = true;
};
