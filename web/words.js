// What the page says, in one place.

export function stateWords(peer, path) {
  switch (peer.state) {
    case 'meeting':
      return 'Saying hello …';
    case 'searching':
      return 'Looking for a way to reach it …';
    case 'connected':
      if (peer.trust === 'proving') return "Proving the room's key to each other …";
      return { direct: 'Connected directly', relayed: 'Connected, relayed by a TURN server' }[path] ?? 'Connected';
    case 'interrupted':
      return 'Interrupted. Waiting for it to come back …';
    default:
      return '';
  }
}

export function endWords(name, why) {
  switch (why) {
    case 'left':
      return `${name} left.`;
    case 'silent':
      return `${name} is gone: its page or its network is not there any more.`;
    case 'unreachable':
      return (
        `No way to reach ${name} was found. A firewall between you and it keeps the media from passing; ` +
        `a TURN server helps where one of the two is a gateway (start it with --turn).`
      );
    case 'misunderstood':
      return `${name} sent a description that this browser can't use. Another browser, or a newer one, may do better.`;
    case 'insecure':
      return (
        `${name} asks for the room's key. This browser computes proofs only on pages of a secure origin. Open this page ` +
        `over https://, or as http://localhost on the machine itself.`
      );
    case 'unproved':
      return (
        `${name} asked for the room's key, and did not prove that it has it. Nothing of it is shown: it may be somebody ` +
        `else under that name.`
      );
    default:
      return '';
  }
}

export function keyWords(name, peers, wasRefused) {
  const [who, s] = [peers.join(', '), peers.length === 1 ? 's' : ''];
  const key = name ? `the key of the room ${name}` : "the room's key";
  return wasRefused ? `${who} did not take that key. Give another: ${key}.` : `${who} ask${s} for ${key}.`;
}

export function trustWords({ state, trust, keyName }) {
  if (state !== 'connected' || trust === 'proving') return '';
  if (trust === 'unasked') return 'Key not proved';
  return keyName ? `Key of ${keyName} proved` : 'Key proved';
}

export function tryingAgainWords(why) {
  return why === 'unreachable' ? 'No way to reach it was found. Trying again …' : 'Connection lost. Trying again …';
}

export function relayWords(state, seconds) {
  if (state === 'up') return 'In the room';
  if (state === 'opening') return 'Looking for the relay …';
  return `The relay can't be reached. Trying again in ${seconds} s.`;
}

export function mediaWords(choice, why) {
  const what = choice === 'screen' ? 'the screen' : 'camera and microphone';
  switch (why) {
    case 'insecure':
      return (
        `This browser gives ${what} only to pages of a secure origin. Open this page over https://, ` +
        `or as http://localhost on the machine itself. You still see and hear the others.`
      );
    case 'denied':
      return choice === 'screen'
        ? 'The screen was not shared: you or the browser said no. You still see and hear the others.'
        : `The browser was not allowed to use camera and microphone. Allow it beside the page's address, ` +
            `then choose again. You still see and hear the others.`;
    case 'not found':
      return 'This device has neither a camera nor a microphone that the browser can see.';
    case 'busy':
      return `Another program holds the camera or the microphone, or the device does not start. Close it, then choose again.`;
    case 'no screen here':
      return "This browser can't share a screen; browsers on phones can't.";
    default:
      return `The browser does not give ${what}: ${why}`;
  }
}

export function missingWords(missing) {
  return `No ${missing} was found, so you are ${missing === 'camera' ? 'heard but not seen' : 'seen but not heard'}.`;
}

export const SENDING_WORDS = {
  camera: 'You, mirrored',
  screen: 'Your screen',
};

export const RECEIVES_ONLY = 'Receives only';

export function trackWords({ width, height, framesPerSecond, bitrate, codec }) {
  const parts = [];
  if (width) parts.push(`${width}×${height}`);
  if (framesPerSecond) parts.push(`${Math.round(framesPerSecond)}/s`);
  if (codec) parts.push(codec);
  if (bitrate) parts.push(bitrate >= 1e6 ? `${(bitrate / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bitrate / 1e3)} kbit/s`);
  return parts.join(' · ');
}
