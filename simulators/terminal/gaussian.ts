// Numbers drawn from a text: the same text gives the same numbers on every machine. SHA-256 of the text
// seeds sfc32, whose uniform numbers become normal ones by Box and Muller.

import { createHash } from 'node:crypto';

export interface Draw {
  /** Uniform in (0, 1). */
  uniform(): number;
  /** Mean 0, variance 1. */
  normal(): number;
}

export function drawFrom(text: string): Draw {
  const digest = createHash('sha256').update(text).digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let counter = digest.readUInt32LE(12) | 1;
  const next = (): number => {
    const sum = (((a + b) >>> 0) + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = (b ^ (b >>> 9)) >>> 0;
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum;
  };
  for (let warmUp = 0; warmUp < 12; warmUp += 1) next();
  let spare: number | null = null;
  const uniform = (): number => (next() + 0.5) / 4_294_967_296;
  return {
    uniform,
    normal: () => {
      if (spare !== null) {
        const kept = spare;
        spare = null;
        return kept;
      }
      const radius = Math.sqrt(-2 * Math.log(uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}
