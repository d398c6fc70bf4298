// The three things that can be sent: camera and microphone, the screen, or nothing.

export class MediaProblem extends Error {
  constructor(why, cause) {
    super(why, { cause });
    this.why = why;
  }
}

export function canShareScreen() {
  return Boolean(navigator.mediaDevices?.getDisplayMedia);
}

// Gives `{ stream, missing }`; the stream is null for 'receive', `missing` names what the device lacks.
export async function takeMedia(choice) {
  if (choice === 'receive') return { stream: null, missing: null };
  if (!navigator.mediaDevices) throw new MediaProblem('insecure');
  return choice === 'screen' ? takeScreen() : takeCamera();
}

export function stopMedia(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

async function takeCamera() {
  try {
    return { stream: await ask({ video: CAMERA, audio: true }), missing: null };
  } catch (problem) {
    if (problem.why !== 'not found') throw problem;
  }
  // One of the two is missing, and the other will do.
  try {
    return { stream: await ask({ video: CAMERA }), missing: 'microphone' };
  } catch (problem) {
    if (problem.why !== 'not found') throw problem;
  }
  return { stream: await ask({ audio: true }), missing: 'camera' };
}

async function takeScreen() {
  if (!canShareScreen()) throw new MediaProblem('no screen here');
  try {
    return { stream: await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true }), missing: null };
  } catch (error) {
    throw named(error);
  }
}

async function ask(constraints) {
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    throw named(error);
  }
}

const NAMES = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'not found',
  OverconstrainedError: 'not found',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

function named(error) {
  return new MediaProblem(NAMES[error.name] ?? error.message, error);
}
