// Who asks. A bearer credential, looked at afresh for each request; one answer for every way to fail.

import { AppError } from '../../../shared/errors.ts';
import { entryOf, type HttpKit, type Step } from '../step.ts';

const CREDENTIAL_LENGTH_MAX = 200;

export function authenticate({ access, deps }: HttpKit): Step {
  return {
    name: 'authenticate',
    run: async (context, next) => {
      if (entryOf(context).route.action === 'public') return next();
      const credential = bearerOf(context.get('authorization'));
      const caller = credential === null ? null : await access.authenticate(credential);
      if (caller === null) throw refusal(context.get('authorization') === '');
      context.state.caller = caller;
      context.state.db = deps.databases.org(caller.orgId);
      return next();
    },
  };
}

function bearerOf(header: string): string | null {
  const match = /^Bearer ([^\s]+)$/i.exec(header);
  const credential = match?.[1];
  return credential === undefined || credential.length > CREDENTIAL_LENGTH_MAX ? null : credential;
}

function refusal(absent: boolean): AppError {
  return new AppError(
    'unauthenticated',
    absent
      ? 'Expected the header `Authorization: Bearer sp_…`, found none.'
      : 'Expected a valid API key in `Authorization: Bearer sp_…`, found one that is unknown, ' +
          'mistyped, expired or revoked.',
  );
}
