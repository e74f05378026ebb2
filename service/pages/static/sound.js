// From a microphone or any file that the browser decodes to what the API takes: WAV, 16 kHz, mono, 16 bit.

export const RATE = 16_000;
const HEADER_BYTES = 44;

/** Decode, resample and mix down. Rejects where the browser finds no sound in it. */
export async function toWav(blob) {
  // A context of one sample decodes to its own rate, which is ours.
  const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await blob.arrayBuffer());
  const mixed = new Float32Array(decoded.length);
  for (let n = 0; n < decoded.numberOfChannels; n++) {
    const channel = decoded.getChannelData(n);
    for (let i = 0; i < mixed.length; i++) mixed[i] += channel[i] / decoded.numberOfChannels;
  }
  return wav(mixed);
}

/** Write float samples as a WAV. */
export function wav(samples) {
  const bytes = new ArrayBuffer(HEADER_BYTES + 2 * samples.length);
  const view = new DataView(bytes);
  const ascii = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  ascii(0, "RIFF");
  view.setUint32(4, bytes.byteLength - 8, true);
  ascii(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // bytes of the format
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true); // bytes a second
  view.setUint16(32, 2, true); // bytes a frame
  view.setUint16(34, 16, true); // bits a sample
  ascii(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  for (let i = 0; i < samples.length; i++) {
    const sample = Math.max(-1, Math.min(1, samples[i]));
    view.setInt16(HEADER_BYTES + 2 * i, Math.round(sample * (sample < 0 ? 32_768 : 32_767)), true);
  }
  return new Blob([bytes], {type: "audio/wav"});
}

export const secondsOf = blob => (blob.size - HEADER_BYTES) / (2 * RATE);

/**
 * Record until `stop` is called.
 *
 * @param level is called with the loudness, from 0 to 1, and the seconds so far, some times a second
 * @returns stop(): a promise of what was recorded, in the browser's own format
 */
export async function record(level) {
  const stream = await navigator.mediaDevices.getUserMedia({audio: {channelCount: 1}});
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, {fftSize: 1024});
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const began = performance.now();
  const metering = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    level(Math.min(1, samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0)), (performance.now() - began) / 1000);
  }, 80);
  const recorder = new MediaRecorder(stream);
  const parts = [];
  recorder.ondataavailable = event => parts.push(event.data);
  recorder.start();
  return () =>
    new Promise(done => {
      recorder.onstop = () => {
        clearInterval(metering);
        stream.getTracks().forEach(track => track.stop());
        context.close();
        done(new Blob(parts, {type: recorder.mimeType}));
      };
      recorder.stop();
    });
}
