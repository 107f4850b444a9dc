// The plan of a rehearsal: which process dies in which order, and where in its work. Pure; all chance
// comes from the seed. Each window of the server is planned as often as it must be hit, and once more
// where the number of kills allows it.

import type { Random } from './random.ts';

/** As the server names them: server/platform/drill/fault-points.ts. A test compares the two lists. */
export const WINDOWS = [
  'transaction_open',
  'committed_unacknowledged',
  'request_written',
  'reply_read',
  'settled_not_deleted',
] as const;
export type Window = (typeof WINDOWS)[number];

/** How often each window must be hit for a rehearsal to count. */
export const HITS_MIN = 3;
/** How long everybody works before the next kill begins: long enough to lose patience with a fault. */
export const DWELL_MS = { min: 400, max: 1_400 };
/** Fewer kills cannot hit every window often enough and still kill everything else. */
export const KILLS_MIN = WINDOWS.length * HITS_MIN + 3;

export type Kill =
  /** Stopped inside the window, then killed `afterMs` later; without a window wherever it is then. */
  | { victim: 'server'; window: Window | null; skip: number; afterMs: number; touching?: string[] }
  | { victim: 'stripe' | 'veriff'; afterMs: number; downMs: number; forgets: boolean }
  | { victim: 'terminal'; index: number; afterMs: number };

export function planKills(
  random: Random,
  { kills, terminals }: { kills: number; terminals: number },
): Kill[] {
  const planned: Kill[] = [];
  const rounds = kills >= 2 * WINDOWS.length * (HITS_MIN + 1) ? HITS_MIN + 2 : HITS_MIN;
  for (let round = 0; round < rounds; round += 1) {
    for (const window of WINDOWS) {
      if (planned.length < kills) planned.push(inWindow(random, window, round));
    }
  }
  const others = [
    () => twin(random, 'stripe'),
    () => terminal(random, terminals),
    () => twin(random, 'veriff'),
    (): Kill => ({ victim: 'server', window: null, skip: 0, afterMs: random.integer(0, 900) }),
  ];
  for (let at = 0; planned.length < kills; at += 1) {
    const make = others[at % others.length];
    if (make !== undefined) planned.push(make());
  }
  return random.shuffle(planned);
}

/** What devices, callers and providers wait to be told about. */
const ACKNOWLEDGED = [['device_event'], ['payment_decision'], ['inbox_event']];

function inWindow(random: Random, window: Window, round: number): Kill {
  const kill = {
    victim: 'server' as const,
    window,
    skip: random.integer(0, 3),
    // After a request is written its provider gets anything from no time to enough to commit it.
    afterMs: window === 'request_written' ? random.integer(0, 60) : random.integer(0, 5),
  };
  if (window !== 'committed_unacknowledged' && window !== 'transaction_open') return kill;
  const touching = ACKNOWLEDGED[round % ACKNOWLEDGED.length];
  return touching === undefined ? kill : { ...kill, touching };
}

function twin(random: Random, victim: 'stripe' | 'veriff'): Kill {
  return {
    victim,
    afterMs: random.integer(0, 400),
    downMs: random.integer(100, 1_500),
    // A provider keeps idempotency keys for a day; a rehearsal cannot wait that long.
    forgets: victim === 'stripe' && random.fraction() < 0.5,
  };
}

function terminal(random: Random, terminals: number): Kill {
  return {
    victim: 'terminal',
    index: random.integer(0, terminals - 1),
    afterMs: random.integer(0, 400),
  };
}

export function describeKill(kill: Kill): string {
  switch (kill.victim) {
    case 'server': {
      if (kill.window === null) return `server, ${kill.afterMs} ms from now`;
      const about = kill.touching === undefined ? '' : ` of ${kill.touching.join(', ')}`;
      return `server in ${kill.window}${about}`;
    }
    case 'terminal':
      return `terminal ${kill.index}`;
    default:
      return `${kill.victim} twin, down for ${kill.downMs} ms${kill.forgets ? ', forgets its keys' : ''}`;
  }
}
