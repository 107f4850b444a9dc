// May the caller do this, here? An action the credential lacks is 403. A resource out of reach, of
// another organization, or not there at all is the same 404, word for word.

import { AppError, notFound } from '../../../shared/errors.ts';
import type { OrgDatabase } from '../../database/database.ts';
import type { Caller } from '../route.ts';
import { entryOf, type HttpContext, type HttpKit, type Step } from '../step.ts';
import type { PlainRoute } from '../table.ts';

export function authorize(kit: HttpKit): Step {
  return {
    name: 'authorize',
    run: async (context, next) => {
      const { route } = entryOf(context);
      const { caller, db } = context.state;
      if (caller !== null && db !== null && route.action !== 'authenticated') {
        if (!caller.actions.has(route.action)) throw lacks(route.action);
        context.state.scope = kit.access.scopeOf(caller, route.action);
        context.state.nodeId = await authorizedNode(kit, context, { caller, db, route });
      }
      await next();
    },
  };
}

interface Question {
  caller: Caller;
  db: OrgDatabase;
  route: PlainRoute;
}

async function authorizedNode(
  kit: HttpKit,
  context: HttpContext,
  { caller, db, route }: Question,
): Promise<string | null> {
  const wanted = resourceOf(route, context);
  if (wanted === null) return caller.nodeIds[0] ?? null;
  const nodeId = await kit.locators[wanted.kind]?.(db, wanted.id);
  const allowed =
    nodeId !== undefined &&
    nodeId !== null &&
    // The locator found it in this organization.
    (kit.access.reachesAll(caller, route.action) ||
      (await kit.access.can(db, caller, route.action, nodeId)));
  if (!allowed) throw notFound(wanted.kind.replaceAll('_', ' '), wanted.id);
  return nodeId;
}

/** Null where nothing is named: a collection, no resource, or a creation that leaves its node open. */
function resourceOf(
  route: PlainRoute,
  { state }: HttpContext,
): { kind: string; id: string } | null {
  const { resource } = route;
  if (typeof resource === 'string') return null;
  const { kind } = resource;
  if ('param' in resource) return { kind, id: String(state.params[resource.param]) };
  const id = (state.body as Record<string, unknown>)[resource.bodyField];
  return typeof id === 'string' ? { kind, id } : null;
}

function lacks(action: string): AppError {
  return new AppError(
    'forbidden',
    `Expected a credential with the action ${action}, found one without. Make a key that has it.`,
    { data: { action } },
  );
}
