// Vectors between the wire (base64 of little-endian float32), the seal (bytes) and the gallery (unit
// length). Errors tell sizes, never values.

import { endianness } from 'node:os';
import { AppError } from '../../shared/errors.ts';

export type VectorReading = { ok: true; vector: Float32Array } | { ok: false; detail: string };

/** A vector of unit length, or what was wrong with the text. */
export function readVector(text: string, dimensions: number): VectorReading {
  const expected = `base64 of ${dimensions} little-endian float32 values (${dimensions * 4} bytes)`;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) {
    return {
      ok: false,
      detail: `Expected ${expected}, found a text that is not canonical base64.`,
    };
  }
  if (bytes.length !== dimensions * 4) {
    return { ok: false, detail: `Expected ${expected}, found ${bytes.length} bytes.` };
  }
  const vector = fromBytes(bytes);
  const length = lengthOf(vector);
  if (!Number.isFinite(length)) {
    return { ok: false, detail: `Expected ${expected}, all finite, found one that is not.` };
  }
  if (length < LENGTH_MIN) {
    return { ok: false, detail: `Expected ${expected} with a direction, found a vector of zeros.` };
  }
  return { ok: true, vector: vector.map((value) => value / length) };
}

function lengthOf(vector: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < vector.length; index += 1) sum += (vector[index] as number) ** 2;
  return Math.sqrt(sum);
}

/** A shorter vector has no direction that survives float32. */
const LENGTH_MIN = 1e-6;

export function requireVector(text: string, dimensions: number, pointer: string): Float32Array {
  const reading = readVector(text, dimensions);
  if (reading.ok) return reading.vector;
  const { detail } = reading;
  throw new AppError('validation_failed', `${pointer}: ${detail}`, {
    fields: [{ pointer, code: 'wrong_format', detail }],
  });
}

/** Little-endian on every machine; where that is the machine's own order, bytes are only copied. */
export function toBytes(vector: Float32Array): Buffer {
  const bytes = Buffer.from(new Float32Array(vector).buffer);
  return IS_LITTLE ? bytes : bytes.swap32();
}

/** A view where that can be: a Buffer may also start anywhere in a shared pool. */
export function fromBytes(bytes: Buffer): Float32Array {
  if (IS_LITTLE && bytes.byteOffset % 4 === 0)
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  if (!IS_LITTLE) Buffer.from(copy.buffer).swap32();
  return new Float32Array(copy.buffer);
}

const IS_LITTLE = endianness() === 'LE';
