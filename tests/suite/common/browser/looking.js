// What tests look at a page with. Each returns a plain value or a promise of one, and leaves nothing behind.

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// How many frames a video has shown by now, at its next one; 0 where none comes. (getVideoPlaybackQuality says
// nothing of streams in Firefox.)
const frames = async (video) => {
  if (!video) return 0;
  const next = new Promise((done) => video.requestVideoFrameCallback((_, { presentedFrames }) => done(presentedFrames)));
  return Promise.race([next, pause(1000).then(() => 0)]);
};

const plays = async (video) => (await frames(video)) > 10;

// Frames for each second, measured over `ms`.
const rate = async (video, ms) => {
  const [before, at] = [await frames(video), performance.now()];
  await pause(ms);
  return (((await frames(video)) - before) * 1000) / (performance.now() - at);
};

// The moments at which a frame is shown within the next `ms`, in ms since 1970.
const shown = async (video, ms) => {
  const moments = [];
  let ends = false;
  const next = () => {
    moments.push(Date.now());
    if (!ends) video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
  await pause(ms);
  ends = true;
  return moments;
};

// The number in the strip of the test picture (src/source/strip.rs): two rows of 16 blocks at the lower edge.
const counter = (video) => {
  const canvas = document.createElement('canvas');
  const [width, height] = ([canvas.width, canvas.height] = [video.videoWidth, video.videoHeight]);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0);
  const block = { width: Math.floor(width / 16), height: Math.max(16, Math.floor(height / 36)) };
  const row = (number) => {
    const y = height - (2 - number) * block.height + Math.floor(block.height / 2);
    const { data } = context.getImageData(0, y, width, 1);
    let bits = 0;
    for (let column = 0; column < 16; column++) {
      const at = 4 * (column * block.width + Math.floor(block.width / 2));
      bits = bits * 2 + (data[at] + data[at + 1] + data[at + 2] > 3 * 126 ? 1 : 0);
    }
    return bits;
  };
  return (row(1) >> 8) * 65536 + row(0);
};

// How much the counter moves in a second, measured over `ms`.
const counting = async (video, ms) => {
  const [before, at] = [counter(video), performance.now()];
  await pause(ms);
  return ((counter(video) - before) * 1000) / (performance.now() - at);
};

// A stream's sound of the next `ms`, as samples at 48 kHz. (An AudioContext stays suspended in a Firefox that has no
// loudspeaker.)
const samples = async (stream, ms) => {
  const recorder = new MediaRecorder(new MediaStream(stream.getAudioTracks()));
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((done) => (recorder.onstop = done));
  recorder.start();
  await pause(ms);
  recorder.stop();
  await stopped;
  const decoded = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(await new Blob(parts).arrayBuffer());
  return decoded.getChannelData(0);
};

// The amplitude, 0 to 1, that some samples have at a frequency.
const amplitude = (some, hertz) => {
  let [re, im] = [0, 0];
  some.forEach((sample, at) => {
    const phase = (2 * Math.PI * hertz * at) / 48000;
    re += sample * Math.cos(phase);
    im += sample * Math.sin(phase);
  });
  return (2 * Math.hypot(re, im)) / some.length;
};

// What is heard of a stream in `ms`: the middle amplitude at each of some frequencies, and the moments, in seconds,
// at which another begins.
const hears = async (stream, frequencies, beat, ms) => {
  const all = await samples(stream, ms);
  const windows = [];
  for (let at = 0; at + 960 <= all.length; at += 960) windows.push(all.subarray(at, at + 960));
  const levels = frequencies.map((hertz) => {
    const sorted = windows.map((some) => amplitude(some, hertz)).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  });
  const beats = windows.map((some) => amplitude(some, beat) > 0.1);
  const begin = beats.flatMap((is, at) => (is && at > 0 && !beats[at - 1] ? [at * 0.02] : []));
  return { levels, begin };
};

return { pause, frames, plays, rate, shown, counter, counting, hears };
