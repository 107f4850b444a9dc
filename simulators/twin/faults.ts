// Fault rules: which requests or webhooks go wrong, how, and how often. A rule is spent before it
// acts, and what is left of it survives a restart. Acting on a rule is its taker's business.

import { z } from 'zod';
import { all, atomically, type Database, insert, run } from './database.ts';
import { randomId } from './ids.ts';
import { WAN_MODES } from './wan.ts';

const REQUEST_KINDS = [
  'lost_request',
  'lost_reply',
  'hang_reply',
  'delay',
  'status',
  'status_after',
  'reset',
] as const;
const WEBHOOK_KINDS = ['lost', 'duplicate', 'reorder', 'delay'] as const;
const DELAY_MAX_MS = 3_600_000;

const shared = {
  id: z.string().min(1).max(100).optional(),
  times: z.int().min(1).max(1_000_000).default(1),
  after: z.int().min(0).max(1_000_000).default(0),
  delay_ms: z.int().min(1).max(DELAY_MAX_MS).optional(),
};

export const faultSchema = z
  .discriminatedUnion('on', [
    z.strictObject({
      ...shared,
      on: z.literal('request'),
      kind: z.enum(REQUEST_KINDS),
      method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
      path: z.string().startsWith('/').optional(),
      status: z.int().min(500).max(599).default(500),
      // oxlint-disable-next-line no-thenable -- a rule is parsed data and never awaited
      then: z.literal('cut').optional(),
      mode: z.enum(WAN_MODES).default('reset'),
    }),
    z.strictObject({
      ...shared,
      on: z.literal('webhook'),
      kind: z.enum(WEBHOOK_KINDS),
      type: z.string().min(1).optional(),
    }),
  ])
  .refine((rule) => rule.kind !== 'delay' || rule.delay_ms !== undefined, {
    path: ['delay_ms'],
    message: 'expected a number of milliseconds, because kind is delay',
  });

export type FaultRule = z.output<typeof faultSchema>;
export type RequestFault = Extract<FaultRule, { on: 'request' }>;
export type WebhookFault = Extract<FaultRule, { on: 'webhook' }>;
type Row = { id: string; rule: string; skip_left: number; times_left: number; fired: number };

export type Faults = {
  add(rule: FaultRule): string;
  clear(): void;
  list(): (FaultRule & { times_left: number; skip_left: number; fired: number })[];
  /** Spends and gives the first rule that fits, or null. */
  takeForRequest(method: string, path: string): RequestFault | null;
  takeForWebhook(type: string): WebhookFault | null;
};

export function createFaults(db: Database): Faults {
  const rows = () => all<Row>(db, 'select * from fault order by rowid');

  function take(fits: (rule: FaultRule) => boolean): FaultRule | null {
    return atomically(db, () => {
      for (const row of rows()) {
        const rule = JSON.parse(row.rule) as FaultRule;
        if (row.times_left === 0 || !fits(rule)) continue;
        if (row.skip_left > 0) {
          run(db, 'update fault set skip_left = skip_left - 1 where id = ?', row.id);
          continue;
        }
        run(
          db,
          'update fault set times_left = times_left - 1, fired = fired + 1 where id = ?',
          row.id,
        );
        return rule;
      }
      return null;
    });
  }

  return {
    add(rule) {
      const id = rule.id ?? randomId('fault_', 12);
      run(db, 'delete from fault where id = ?', id);
      const row = { id, rule: JSON.stringify({ ...rule, id }) };
      insert(db, 'fault', { ...row, skip_left: rule.after, times_left: rule.times });
      return id;
    },
    clear: () => void run(db, 'delete from fault'),
    list: () =>
      rows().map(({ rule, times_left, skip_left, fired }) => ({
        ...(JSON.parse(rule) as FaultRule),
        times_left,
        skip_left,
        fired,
      })),
    takeForRequest: (method, path) =>
      take(
        (rule) =>
          rule.on === 'request' &&
          (rule.method === undefined || rule.method === method) &&
          (rule.path === undefined || fitsPath(rule.path, path)),
      ) as RequestFault | null,
    takeForWebhook: (type) =>
      take(
        (rule) => rule.on === 'webhook' && (rule.type === undefined || rule.type === type),
      ) as WebhookFault | null,
  };
}

/** `*` stands for exactly one segment. */
export function fitsPath(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const found = path.split('/');
  if (wanted.length !== found.length) return false;
  return wanted.every((part, index) => part === '*' || part === found[index]);
}
