// Event → JSON.

import { toRfc3339 } from '../../shared/instant.ts';
import type { Event } from './event.ts';

export function presentEvent(event: Event): object {
  const { id, type, subject, nodeId, actor, data, traceId, createdAt } = event;
  return {
    id,
    type,
    subject,
    node_id: nodeId,
    actor,
    data,
    trace_id: traceId,
    created_at: toRfc3339(createdAt),
  };
}
