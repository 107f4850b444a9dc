// Tables that belong to no organization, and whose rows no policy hides from the owner. The list that is tested
// against a real database is in test/platform/database/tenancy.db.test.ts.

export const SYSTEM_TABLES: ReadonlySet<string> = new Set([
  'outbox_dest',
  'outbox_shard',
  'schedule_run',
]);
