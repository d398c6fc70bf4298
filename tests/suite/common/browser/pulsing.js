// Has the page take, for its camera and microphone, a picture that grows from black to white in each second, and a beep that
// begins when it is black again. Both by the clock of the sound, so that each picture tells when it was drawn.
const context = new AudioContext({ sampleRate: 48000 });
const sound = context.createMediaStreamDestination();
const tone = new OscillatorNode(context, { frequency: 1000 });
const gain = new GainNode(context, { gain: 0 });
tone.connect(gain).connect(sound);
for (let second = 1; second < 120; second++) {
  gain.gain.setValueAtTime(0.5, second);
  gain.gain.setValueAtTime(0, second + 0.1);
}
tone.start();

const canvas = document.createElement('canvas');
[canvas.width, canvas.height] = [640, 360];
const picture = canvas.getContext('2d');
// By second, how far the page's clock is ahead of the sound's, in seconds: on a busy machine the sound falls behind.
const ahead = [];
const draw = () => {
  const time = context.currentTime;
  (ahead[Math.floor(time)] ??= []).push(performance.now() / 1000 - time);
  const grey = Math.floor(255 * (time % 1));
  picture.fillStyle = `rgb(${grey}, ${grey}, ${grey})`;
  picture.fillRect(0, 0, canvas.width, canvas.height);
  requestAnimationFrame(draw);
};
draw();

const tracks = [...canvas.captureStream(30).getTracks(), ...sound.stream.getTracks()];
navigator.mediaDevices.getUserMedia = async () => new MediaStream(tracks);

// How far the sound fell behind, in seconds.
window.soundFellBehind = () => {
  const middles = ahead.slice(1, -1).map((some) => some.reduce((sum, one) => sum + one, 0) / some.length);
  return Math.max(...middles) - Math.min(...middles);
};
