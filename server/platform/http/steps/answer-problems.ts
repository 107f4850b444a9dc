// The edge where errors become problem documents. Ours are shown as they are; anything else is logged
// in full and shown as `internal`, or as `unavailable` when the database says so.

import { AppError, isAppError, toError } from '../../../shared/errors.ts';
import { internalProblem, PROBLEM_TYPE, toProblem } from '../problem.ts';
import type { HttpContext, HttpKit, Step } from '../step.ts';

export function answerProblems(kit: HttpKit): Step {
  return {
    name: 'answer-problems',
    run: async (context, next) => {
      try {
        await next();
      } catch (thrown) {
        answer(kit, context, translate(kit, context, toError(thrown)));
      }
    },
  };
}

function translate({ deps }: HttpKit, { state }: HttpContext, error: Error): AppError {
  const facts = { request_id: state.requestId, trace_id: state.traceId, route: state.pattern };
  if (isAppError(error)) {
    if (error.kind === 'internal') deps.log.error({ ...facts, err: error }, 'request failed');
    else if (error.privateDetail !== undefined) {
      deps.log.warn(
        { ...facts, problem: error.code, detail: error.privateDetail },
        'request refused',
      );
    }
    return error;
  }
  if (deps.databases.dialect.isUnavailable(error)) {
    deps.log.warn({ ...facts, err: error }, 'the database was not available');
    const text = 'The database cannot answer right now. Nothing was changed; ask again.';
    return new AppError('unavailable', text, { cause: error });
  }
  deps.log.error({ ...facts, err: error }, 'request failed');
  return internalProblem(error);
}

function answer({ settings }: HttpKit, context: HttpContext, error: AppError): void {
  const problem = toProblem(error, {
    requestId: context.state.requestId,
    commit: settings.build.commit,
    instance: context.path,
  });
  context.status = problem.status;
  for (const [name, value] of Object.entries(problem.headers)) context.set(name, value);
  context.set('Cache-Control', 'no-store');
  context.type = PROBLEM_TYPE;
  context.body = JSON.stringify(problem.body);
}
