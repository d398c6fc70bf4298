// What the dashboard says, in one place.

// The names that people know.
const CODECS = { h264: 'H.264', vp8: 'VP8', vp9: 'VP9', av1: 'AV1', opus: 'Opus' };

export function codecWords(codec) {
  return CODECS[codec] ?? codec;
}

export function bitrateWords(bits) {
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`;
}

export function bytesWords(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let rest = bytes;
  while (rest >= 1000 && at < units.length - 1) {
    rest /= 1000;
    at += 1;
  }
  return `${at === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[at]}`;
}

export function percentWords(share) {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

export function timeWords(time) {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

// With the date where that is another one.
export function momentWords(time) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? timeWords(time) : `${date.toLocaleDateString()} ${timeWords(time)}`;
}

export function lengthWords(ms) {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

export function rungWords(rung) {
  if (rung === null) return 'no pictures';
  return rung === 0 ? 'full picture' : `smaller picture, 1/${4 ** rung} of the bitrate`;
}

export function trackWords({ kind, codec, rung }, bitrate) {
  const parts = [codecWords(codec)];
  // What comes from a peer has no rung.
  if (kind === 'video' && rung !== undefined) parts.push(rungWords(rung));
  if (bitrate !== null) parts.push(bitrateWords(bitrate));
  return parts.join(', ');
}

const CANDIDATES = {
  host: 'own address',
  srflx: 'behind a NAT',
  prflx: 'as it is seen',
  relay: 'TURN server',
};

export function wayWords(way) {
  if (!way) return 'not found yet';
  const over = way.transport === 'tcp' ? ', over TCP' : '';
  return `${CANDIDATES[way.local]} here, ${CANDIDATES[way.remote]} there${over}`;
}

const CONNECTIONS = { negotiating: 'Looking for a way', connected: 'Connected', closing: 'Going' };

export function connectionWords({ connection, ice, since }) {
  return `${CONNECTIONS[connection]} since ${momentWords(since)} (ICE: ${ice})`;
}

export function channelWords(channel) {
  if (!channel) return 'no data channel';
  const state = channel.open ? '' : ', not open';
  const waits = channel.buffered > 0 ? `, ${bytesWords(channel.buffered)} wait` : '';
  const dropped = channel.dropped > 0 ? `, ${channel.dropped} of them left out` : '';
  return `${channel.sent} to it, ${channel.received} from it${dropped}${waits}${state}`;
}

export function relayWords({ state, since, why }) {
  if (state === 'connected') return `The relay is there since ${momentWords(since)}.`;
  return `The relay is away since ${momentWords(since)}: ${why}`;
}

// How sources and encoders do: a grade and a word.
export const CONDITIONS = {
  idle: ['', 'idle'],
  starting: ['fair', 'starting'],
  running: ['good', 'runs'],
  failed: ['bad', 'failed'],
};

export function recordingWords({ condition, since, bytes, dropped, segments }) {
  const now = {
    starting: 'waits for the first frame',
    recording: 'is recorded',
    silent: `nothing has come since ${momentWords(condition.since ?? since)}`,
    failed: 'is not recorded',
  }[condition.state];
  const parts = [now, `begun ${momentWords(since)}`, bytesWords(bytes), count(segments, 'file')];
  if (dropped > 0) parts.push(`${count(dropped, 'frame')} left out: the disk did not keep up`);
  return parts.join(' · ');
}

export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

// Who is in a recording; members are named where there are several. Peers are called what they like, so they stand in quotes,
// and none reads as ourselves.
export function whoWords({ member, peer }, isOneOfMany) {
  const who = peer ? `“${peer}”` : 'ourselves';
  return isOneOfMany ? `${who} (${member})` : who;
}

export function segmentWords({ state, duration_ms: duration, bytes, codecs, gaps }) {
  const parts = [];
  if (duration !== null) parts.push(lengthWords(duration));
  parts.push(bytesWords(bytes), codecs.map(codecWords).join(' and '));
  if (gaps > 0) parts.push(count(gaps, 'gap'));
  if (state === 'recording') parts.push('still written');
  if (state === 'recovered') parts.push('was cut off, and mended');
  return parts.filter(Boolean).join(' · ');
}

export function diskWords({ dir, free, kept, segments, hours_left: left }) {
  const parts = [`${bytesWords(kept)} are kept in ${count(segments, 'file')} below ${dir}`];
  if (free !== null) parts.push(`${bytesWords(free)} are free`);
  if (left !== null) {
    const time = left >= 48 ? `${Math.round(left / 24)} days` : lengthWords(left * 3600e3);
    parts.push(`at the present rate the disk is full, or the oldest goes, in ${time}`);
  }
  return `${parts.join('; ')}.`;
}

const CONTAINERS = { mkv: 'Matroska', webm: 'WebM', mp4: 'MP4' };

export function unplayableWords({ file, codecs }) {
  const ending = file.slice(file.lastIndexOf('.') + 1);
  return (
    `This browser can't play the file: ${CONTAINERS[ending] ?? ending} with ${codecs.map(codecWords).join(' and ') || 'nothing'} in it. ` +
    `Download it: players such as VLC and mpv take it.`
  );
}

export const NOT_GIVEN =
  'The gateway does not give the file any more: it was deleted, the gateway was started anew or is away, or the file was ' +
  'open for hours. Play it once more.';

export function eventWords({ event, peer, kind, codec, text, base64, why, count: lost }) {
  switch (event) {
    case 'peer_joined':
      return `${peer} was met.`;
    case 'peer_connected':
      return `${peer} is connected.`;
    case 'track':
      return `${peer} sends ${kind === 'audio' ? 'sound' : 'pictures'} (${codecWords(codec)}).`;
    case 'message':
      return `${peer} says: ${text ?? `(${Math.floor((base64.length * 3) / 4)} bytes that are not text)`}`;
    case 'peer_closed':
      return `${peer} is gone: ${why}.`;
    case 'lost':
      return `${count(lost, 'event')} came too fast for this page.`;
    default:
      return `${event}${peer ? ` of ${peer}` : ''}`;
  }
}

export const HERE = 'Up to date';
export const AWAY = 'The gateway does not answer. Trying again …';
