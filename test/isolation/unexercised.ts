// Statements that the workload does not reach, each with the reason. A piece of the text names it.

export const UNEXERCISED: readonly { statement: string; because: string }[] = [
  {
    statement: 'delete from idempotency where org_id = $1',
    because: 'of a key whose days are over; asked in test/platform/http/idempotency',
  },
  {
    statement: 'insert into outbox_dead (',
    because: 'the engine’s own, when a message gives up for good; asked in test/platform/outbox',
  },
];
