// Finds the page or route of a request. HEAD is a GET without its body; OPTIONS tells the methods; what
// matches nothing, or the path but not the method, is a problem like any other.

import Router from '@koa/router';
import { AppError } from '../../../shared/errors.ts';
import type { Page } from '../pages.ts';
import type { HttpContext, HttpKit, Step } from '../step.ts';
import type { RouteEntry } from '../table.ts';

export function match({ table, pages }: HttpKit): Step {
  const router = new Router({ strict: true, sensitive: true });
  const entries = new Map<unknown, RouteEntry>();
  for (const entry of table) {
    const layer = router.register(entry.route.path, [entry.route.method], async () => undefined, {
      name: entry.route.operationId,
      strict: true,
      sensitive: true,
    });
    entries.set(layer, entry);
  }
  return {
    name: 'match',
    run: async (context, next) => {
      if (matchPage(pages, context)) {
        await answerPage(context);
        return;
      }
      const found = router.match(context.path, context.method);
      const layer = found.pathAndMethod.at(-1);
      const entry = layer === undefined ? undefined : entries.get(layer);
      if (layer === undefined || entry === undefined) {
        refuse(
          context,
          found.path.flatMap((each) => each.methods),
        );
        return;
      }
      context.state.entry = entry;
      context.state.pattern = entry.route.path;
      context.state.pathParams = layer.params(context.path, layer.captures(context.path));
      await next();
    },
  };
}

function matchPage(pages: readonly Page[], context: HttpContext): boolean {
  const page = pages.find(({ path }) => matches(path, context.path));
  if (page === undefined) return false;
  context.state.page = page;
  context.state.pattern = page.path;
  return true;
}

function matches(pattern: string, path: string): boolean {
  const at = pattern.indexOf('/:');
  if (at === -1) return pattern === path;
  return path.startsWith(pattern.slice(0, at + 1)) && !path.slice(at + 1).includes('/');
}

async function answerPage(context: HttpContext): Promise<void> {
  const { page } = context.state;
  if (page === null) return;
  if (context.method !== 'GET' && context.method !== 'HEAD') {
    refuse(context, ['GET', 'HEAD']);
    return;
  }
  const last = context.path.slice(context.path.lastIndexOf('/') + 1);
  const answer = await page.answer(last, new URLSearchParams(context.querystring));
  if (answer === null) throw nothingHere(context);
  context.status = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) context.set(name, value);
  context.body = answer.body;
  context.set('Content-Type', answer.type);
}

function refuse(context: HttpContext, methods: readonly string[]): void {
  if (methods.length === 0) throw nothingHere(context);
  const allowed = [...new Set([...methods, 'OPTIONS'])].toSorted().join(', ');
  context.set('Allow', allowed);
  if (context.method !== 'OPTIONS') {
    throw new AppError(
      'method_not_allowed',
      `Expected one of the methods ${allowed}, found ${context.method}.`,
    );
  }
  context.status = 204;
}

function nothingHere(context: HttpContext): AppError {
  return new AppError(
    'not_found',
    `There is no ${context.path.slice(0, 200)} here; /docs lists what is.`,
  );
}
