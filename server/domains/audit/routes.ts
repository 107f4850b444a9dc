// The table of event routes.

import { type AnyRoute, route } from '../../platform/http/route.ts';
import type { ChangeFeed } from './change-feed.ts';
import { presentEvent } from './present.ts';
import { Event, EventFilter } from './schemas.ts';
import { listEvents, type NodePredicate } from './store.ts';

export function eventRoutes(feed: ChangeFeed, nodeScope: NodePredicate): readonly AnyRoute[] {
  return [
    route({
      operationId: 'listEvents',
      method: 'GET',
      path: '/v1/events',
      summary: 'What happened, oldest first',
      description:
        'Follow the log by asking again with the last cursor: a page never skips a change that was ' +
        'slower to commit than the ones after it.',
      tag: 'Events',
      action: 'event.read',
      resource: 'collection',
      idempotency: 'none',
      pagination: 'log',
      query: EventFilter,
      answer: Event,
      status: 200,
      run: async ({ db, scope, query, page }) => {
        const upToPos = await feed.settled();
        return listEvents(db, {
          type: query.type ?? null,
          subjectId: query.subject_id ?? null,
          scope,
          nodeScope,
          afterPos: Number(page.after ?? 0),
          upToPos,
          limit: page.limit,
        });
      },
      present: (page) => page.data.map(presentEvent),
      cursorOf: (page) => String(page.data.at(-1)?.pos ?? 0),
    }),
  ];
}
