// SYNTHETIC. The simulated camera with its extractor: what it "captures" of a person is drawn from the
// person's seed, its own seed, the purpose and how many captures of that person came before.

import { capture, centreOf, drawPassingQuality, drawPosedQuality, habitOf } from './face-model.ts';
import { drawFrom } from './gaussian.ts';

export interface Captured {
  modality: 'face';
  extractor: 'synthetic-512/1';
  /** Base64 of 512 little-endian float32. */
  vector: string;
  /** 0–100; below 40 the appliance refuses it. */
  quality: number;
}

export interface CaptureOptions {
  /** Fixes the quality; otherwise it is drawn as a door or an enrolment station sees it. */
  quality?: number;
  /**
   * `posed` (default): somebody stands still before the terminal, to pay or to be enrolled.
   * `passing`: somebody walks by a door; one in thirty captures is too poor to use, and of the others
   * one to three in a hundred stay below the threshold of a gallery of 10,000.
   * `enrolment`: at an enrolment station, guided.
   */
  purpose?: 'posed' | 'passing' | 'enrolment';
}

export interface Camera {
  capture(personSeed: string, options?: CaptureOptions): Captured;
}

export function createCamera({ seed }: { seed: string | number }): Camera {
  const taken = new Map<string, number>();
  return {
    capture: (personSeed, { quality, purpose = 'posed' } = {}) => {
      const count = taken.get(`${purpose}|${personSeed}`) ?? 0;
      taken.set(`${purpose}|${personSeed}`, count + 1);
      // At enrolment a twin holds still in the same way; at the door everybody is different.
      const who = purpose === 'enrolment' ? habitOf(personSeed) : personSeed;
      const draw = drawFrom(`capture|${seed}|${purpose}|${who}|${count}`);
      const drawn = purpose === 'passing' ? drawPassingQuality(draw) : drawPosedQuality(draw);
      const taking = quality ?? drawn;
      return {
        modality: 'face',
        extractor: 'synthetic-512/1',
        vector: toBase64(capture(centreOf(personSeed), taking, draw)),
        quality: taking,
      };
    },
  };
}

export function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}
