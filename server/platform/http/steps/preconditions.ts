// If-Match: which version of the resource a change was made for. Asked for where two people could
// otherwise undo each other's work; the verb compares it in its transaction.

import { AppError } from '../../../shared/errors.ts';
import { entryOf, type Step } from '../step.ts';

export function preconditions(): Step {
  return {
    name: 'preconditions',
    run: async (context, next) => {
      const { precondition } = entryOf(context).route;
      const header = context.get('if-match').trim();
      if (precondition === 'required' && header === '') {
        throw new AppError(
          'version_required',
          'Expected the ETag of the version this change was made for in If-Match, found none. ' +
            'Read the resource and send its ETag.',
        );
      }
      if (precondition !== undefined && header !== '') context.state.ifVersion = versionIn(header);
      await next();
    },
  };
}

/** Strong tags only (RFC 9110 §13.1.1); ours are the row's version in quotes. */
function versionIn(header: string): number {
  const match = /^"([0-9]{1,15})"$/.exec(header);
  if (match?.[1] !== undefined) return Number(match[1]);
  throw new AppError(
    'invalid_request',
    `Expected If-Match with one ETag of ours like "3", found ${JSON.stringify(header.slice(0, 40))}.`,
  );
}
