// The only door of audit: writing the event of a change, and reading events in a settled order.

import type { Deps } from '../../platform/deps.ts';
import type { AnyRoute } from '../../platform/http/route.ts';
import { type ChangeFeed, createChangeFeed } from './change-feed.ts';
import { eventRoutes } from './routes.ts';
import type { NodePredicate } from './store.ts';

export { type ChangeFeed, createChangeFeed } from './change-feed.ts';
export type { Actor, Event, NewEvent } from './event.ts';
export type { Change } from './store.ts';
export { tell, tellMany } from './tell.ts';

export interface Audit {
  routes: readonly AnyRoute[];
  feed: ChangeFeed;
}

/** `nodeScope` is the predicate of reach, handed in because audit stands below access. */
export function createAudit(deps: Pick<Deps, 'databases'>, nodeScope: NodePredicate): Audit {
  const feed = createChangeFeed(deps.databases.engine);
  return { feed, routes: eventRoutes(feed, nodeScope) };
}
