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

// The grey levels, 0 to 255, at points of a video's current picture, given in pixels of the source.
const greys = (video, points) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0);
  const { data, width } = context.getImageData(0, 0, canvas.width, canvas.height);
  return points.map(([x, y]) => {
    const at = 4 * (Math.round(y) * width + Math.round(x));
    return Math.round((data[at] + data[at + 1] + data[at + 2]) / 3);
  });
};

// How loud a stream is at a frequency, in dB of full scale, and how loud elsewhere: the loudest of `ms`.
const tone = async (stream, hertz, ms) => {
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(stream).connect(analyser);
  const bins = new Float32Array(analyser.frequencyBinCount);
  const wanted = Math.round((hertz * analyser.fftSize) / context.sampleRate);
  let [there, elsewhere] = [-Infinity, -Infinity];
  for (const end = performance.now() + ms; performance.now() < end; await pause(50)) {
    analyser.getFloatFrequencyData(bins);
    bins.forEach((level, bin) => {
      if (Math.abs(bin - wanted) <= 3) there = Math.max(there, level);
      else if (Math.abs(bin - wanted) > 40) elsewhere = Math.max(elsewhere, level);
    });
  }
  await context.close();
  return { there: Math.max(there, -200), elsewhere: Math.max(elsewhere, -200) };
};

return { pause, frames, plays, rate, greys, tone };
