// Fault points by two files. A rehearsal writes FILE: {"id","point","skip","touching"?}. The process that
// gets there writes FILE.reached and stands still, threads of its own aside, until it is killed, FILE is
// gone, or 30 s have passed. `touching`: only where one of these words is among what the point is about.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { FaultPoint, FaultPoints } from './fault-points.ts';

export interface Arm {
  id: string;
  point: FaultPoint;
  /** How often the point is passed before it stops the process. */
  skip: number;
  touching?: readonly string[];
}

/** What the stopped process says about where it is. */
export interface Reached {
  id: string;
  point: FaultPoint;
  about: readonly string[];
  pid: number;
}

const LOOK_EVERY_MS = 10;
/** A rehearsal that died must not leave a process that stands for ever. */
const STAND_MAX_MS = 30_000;

export function faultPointFile(file: string): FaultPoints {
  const passed = new Map<string, number>();
  return {
    reached: (point, about) => {
      const arm = readArm(file);
      if (arm === null || arm.point !== point) return;
      if (arm.touching !== undefined && !arm.touching.some((word) => about.includes(word))) return;
      const times = passed.get(arm.id) ?? 0;
      passed.set(arm.id, times + 1);
      if (times !== arm.skip) return;
      stand(file, { id: arm.id, point, about, pid: process.pid });
    },
  };
}

function readArm(file: string): Arm | null {
  // Looked at before it is read: an error for each point that is passed would cost more than the point.
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Arm;
  } catch {
    return null; // it was taken away just now
  }
}

/** Blocks on purpose: nothing of this process may go on beyond the point. */
function stand(file: string, reached: Reached): void {
  writeFileSync(`${file}.reached.new`, JSON.stringify(reached));
  renameSync(`${file}.reached.new`, `${file}.reached`);
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let stoodMs = 0; stoodMs < STAND_MAX_MS; stoodMs += LOOK_EVERY_MS) {
    if (readArm(file)?.id !== reached.id) return;
    Atomics.wait(never, 0, 0, LOOK_EVERY_MS);
  }
}
