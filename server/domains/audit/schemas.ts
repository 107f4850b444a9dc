// Shapes of the event routes.

import { z } from 'zod';

export const Event = z
  .object({
    id: z.string(),
    type: z.string().meta({ description: 'What happened; new types may appear.' }),
    subject: z.object({ kind: z.string(), id: z.string() }),
    node_id: z.string().nullable(),
    actor: z.object({ kind: z.string(), id: z.string() }),
    data: z.record(z.string(), z.unknown()),
    trace_id: z.string().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Event', description: 'One change: what, of what, by whom, when.' });

export const EventFilter = z.object({
  type: z.string().max(100).optional(),
  subject_id: z.string().max(100).optional(),
});
