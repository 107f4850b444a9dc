// Every request has a deadline. When it passes, the caller is told so and the signal is aborted; work
// that cannot be undone any more still ends, and its outcome is found by its Idempotency-Key.

import { AppError } from '../../../shared/errors.ts';
import { toError } from '../../../shared/errors.ts';
import { entryOf, type HttpContext, type HttpKit, type Step } from '../step.ts';

export function deadline(kit: HttpKit): Step {
  const { settings, deps } = kit;
  return {
    name: 'deadline',
    run: async (context, next) => {
      const streamed = entryOf(context).route.payload === 'stream';
      const limitMs = streamed ? settings.streamTimeoutMs : settings.requestTimeoutMs;
      const controller = new AbortController();
      context.state.signal = controller.signal;
      const gone = (): void => controller.abort(new Error('The client closed the connection.'));
      context.res.once('close', gone);
      const work = next();
      const passed = Promise.withResolvers<never>();
      const timer = deps.world.timers.after(limitMs, () => passed.reject(tooLate(limitMs)));
      try {
        await Promise.race([work, passed.promise]);
      } catch (error) {
        if (controller.signal.aborted || !isTooLate(error)) throw error;
        controller.abort(error);
        noteEnd(kit, context, work);
        throw error;
      } finally {
        timer.cancel();
        context.res.off('close', gone);
      }
    },
  };
}

function tooLate(limitMs: number): AppError {
  return new AppError(
    'deadline_passed',
    `No answer was ready within ${limitMs} ms; what was asked may still be done. ` +
      'Repeat the request with the same Idempotency-Key to learn its outcome.',
    { data: { deadline_ms: limitMs } },
  );
}

function isTooLate(error: unknown): boolean {
  return error instanceof AppError && error.code === 'deadline_passed';
}

/** The work goes on behind an answer that is given already; its end is worth a line. */
function noteEnd({ deps }: HttpKit, context: HttpContext, work: Promise<void>): void {
  const facts = { request_id: context.state.requestId, route: context.state.pattern };
  work.then(
    () => deps.log.warn(facts, 'request ended after its deadline'),
    (thrown: unknown) =>
      deps.log.warn({ ...facts, err: toError(thrown) }, 'request failed after its deadline'),
  );
}
