// The middle phase with its limits: a send ends by itself, by its timeout, or by a stop; one that heeds
// no signal is left behind, its outcome unknown, so that it cannot hold its place in the window.

import { toError } from '../../shared/errors.ts';
import type { Timer } from '../../shared/world.ts';
import type { DeliverDeps } from './delivery.ts';
import type { Sent } from './handler.ts';

const ABORT_GRACE_MS = 500;

export async function boundedSend(
  { world, stopped }: Pick<DeliverDeps, 'world' | 'stopped'>,
  timeoutMs: number,
  send: (signal: AbortSignal) => Promise<Sent<unknown>>,
): Promise<Sent<unknown>> {
  const abort = new AbortController();
  let leave: Timer | null = null;
  const left = new Promise<Sent<unknown>>((resolve) => {
    abort.signal.addEventListener('abort', () => {
      const reason = `no outcome after it was aborted: ${toError(abort.signal.reason).message}`;
      leave = world.timers.after(ABORT_GRACE_MS, () => resolve({ kind: 'unknown', reason }));
    });
  });
  const stop = (): void => abort.abort(new Error('The server is stopping.'));
  const timer = world.timers.after(timeoutMs, () =>
    abort.abort(new Error(`The send took longer than ${timeoutMs} ms.`)),
  );
  stopped.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([send(abort.signal), left]);
  } catch (thrown) {
    return { kind: 'unknown', reason: `send failed: ${toError(thrown).message}` };
  } finally {
    timer.cancel();
    (leave as Timer | null)?.cancel();
    stopped.removeEventListener('abort', stop);
  }
}
