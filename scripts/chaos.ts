// `npm run chaos`: kill -9 of everything under load, and proof afterwards. Exits with 0 when every promise
// held, 1 on the first that did not, 2 on wrong arguments, 3 when the rehearsal could not be held.

import { fileURLToPath } from 'node:url';
import { type ChaosArguments, readArguments, USAGE } from './chaos/arguments.ts';
import { killAll } from './chaos/child.ts';
import { rehearse } from './chaos/rehearse.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Longer than any rehearsal that goes on: a minute, and half a minute for each kill. */
const LIMIT_MS = { always: 300_000, perKill: 30_000 };

async function main(): Promise<number> {
  let options: ChaosArguments;
  try {
    options = readArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const limitMs = LIMIT_MS.always + LIMIT_MS.perKill * options.kills;
  const limit = setTimeout(() => end(`it took longer than ${limitMs / 1_000} s`), limitMs);
  limit.unref();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(signal));
  try {
    return (await rehearse(ROOT, options, (line) => console.log(line))) ? 0 : 1;
  } catch (error) {
    console.error(`The rehearsal could not be held: ${(error as Error).message}`);
    return 3;
  }
}

/** Leaves no process behind, also in a hurry. */
function end(why: string): never {
  killAll();
  console.error(`The rehearsal was ended: ${why}`);
  process.exit(3);
}

// Explicit: what stops Postgres on the way out would end with 0 on its own account.
process.exit(await main());
