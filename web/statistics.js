// What a connection tells about itself: the way it takes, and what comes in.

export class Statistics {
  path = null; // 'direct' or 'relayed'
  video = null; // { width, height, framesPerSecond, bitrate, codec }
  level = 0; // loudness of the sound since the last time, 0 to 1
  #bytes = 0;
  #at = 0;
  #energy = 0;
  #duration = 0;

  async read(peer) {
    const report = await peer.stats();
    const all = [...report.values()];
    this.path = path(report, all);
    this.#readVideo(report, incoming(all, 'video'));
    this.#readAudio(incoming(all, 'audio'));
    // Chromium measures only what it plays, and says 0 while the sound is off.
    this.level ||= peer.saidLevel;
  }

  #readVideo(report, inbound) {
    if (!inbound) {
      this.video = null;
      return;
    }
    const seconds = (inbound.timestamp - this.#at) / 1000;
    const bitrate = this.#at && seconds > 0 ? ((inbound.bytesReceived - this.#bytes) * 8) / seconds : 0;
    this.#at = inbound.timestamp;
    this.#bytes = inbound.bytesReceived;
    const codec = report.get(inbound.codecId)?.mimeType.split('/')[1];
    const { frameWidth: width, frameHeight: height, framesPerSecond } = inbound;
    this.video = { width, height, framesPerSecond, bitrate, codec };
  }

  // The energy is that of a sine of full level in one second (W3C webrtc-stats, totalAudioEnergy).
  #readAudio(inbound) {
    const { totalAudioEnergy: energy = 0, totalSamplesDuration: duration = 0 } = inbound ?? {};
    const passed = duration - this.#duration;
    if (passed > 0) this.level = Math.sqrt(Math.max(0, energy - this.#energy) / passed);
    this.#energy = energy;
    this.#duration = duration;
  }
}

function incoming(all, kind) {
  return all.find((entry) => entry.type === 'inbound-rtp' && entry.kind === kind);
}

function path(report, all) {
  const chosen = all.find((entry) => entry.type === 'transport')?.selectedCandidatePairId;
  const pair = report.get(chosen) ?? all.find((entry) => entry.type === 'candidate-pair' && entry.selected);
  if (!pair) return null;
  const ends = [report.get(pair.localCandidateId), report.get(pair.remoteCandidateId)];
  return ends.some((candidate) => candidate?.candidateType === 'relay') ? 'relayed' : 'direct';
}
