// `limit` and `cursor` of a list. A large limit is coerced down; zero, a negative number or a word is
// refused. A cursor belongs to its list, its filters and its organization.

import { AppError } from '../../../shared/errors.ts';
import { decodeCursor } from '../cursor.ts';
import { entryOf, type HttpContext, type HttpKit, type Step } from '../step.ts';

export function paginate({ settings }: HttpKit): Step {
  return {
    name: 'paginate',
    run: async (context, next) => {
      const { route } = entryOf(context);
      if (route.pagination !== undefined) {
        const { state } = context;
        const binding = {
          operationId: route.operationId,
          orgId: state.caller?.orgId ?? '',
          filter: { ...state.params, ...state.query },
        };
        const cursor = firstOf(context.query['cursor']);
        state.cursorBinding = binding;
        state.pageRequest = {
          limit: limitOf(context, settings.pageLimitDefault, settings.pageLimitMax),
          after: cursor === null ? null : decodeCursor(settings.cursorKey, binding, cursor),
        };
      }
      await next();
    },
  };
}

function limitOf(context: HttpContext, byDefault: number, max: number): number {
  const text = firstOf(context.query['limit']);
  if (text === null) return byDefault;
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Math.min(Number(text), max);
  const detail = `Expected an integer from 1 to ${max}, found ${JSON.stringify(text.slice(0, 40))}.`;
  throw new AppError('invalid_request', `/query/limit: ${detail}`, {
    fields: [{ pointer: '/query/limit', code: 'too_small', detail }],
  });
}

function firstOf(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
