// While the server stops, answers close their connection; once it takes nothing more, requests that
// still arrive on an open connection are sent elsewhere.

import { AppError } from '../../../shared/errors.ts';
import type { HttpKit, Step } from '../step.ts';

export function drain({ draining }: HttpKit): Step {
  return {
    name: 'drain',
    run: async (context, next) => {
      if (draining.phase === 'closing') {
        context.set('Connection', 'close');
        throw new AppError(
          'draining',
          'This server is stopping. Repeat the request on a new connection.',
        );
      }
      await next();
      // Asked again: stopping may have begun while the request ran.
      if (draining.phase !== 'serving') context.set('Connection', 'close');
    },
  };
}
