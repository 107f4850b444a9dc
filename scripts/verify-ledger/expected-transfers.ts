// What the books must say of one payment, by its operations: every transfer with its accounts, amount and
// ending. The rules are written down here a second time, from docs/decisions/0010-ledger.md, and not taken
// from the server's code.

import type { EventRow, OperationRow, PaymentRow } from './appliance-rows.ts';

export interface ExpectedTransfer {
  code: string;
  /** The operation it is booked for; null where it is the payment as a whole. */
  operationId: string | null;
  kind: 'pending' | 'single';
  /** `kind:holder`. */
  debit: string;
  credit: string;
  amountMinor: number;
  currency: string;
  /** Of a pending one: how it was ended, or null while it is open. */
  ending: { kind: string; amountMinor: number } | null;
}

export interface PaymentBooks {
  payment: PaymentRow;
  operations: readonly OperationRow[];
  events: readonly EventRow[];
}

/** Only this provider's clearing account exists as yet. */
const CLEARING = 'provider_clearing:stripe';
const OVER = new Set(['succeeded', 'declined', 'cancelled']);

export function expectedTransfers(books: PaymentBooks): ExpectedTransfer[] {
  const { operations } = books;
  const refunds = operations.filter(({ kind }) => kind === 'refund');
  return [
    ...exposures(books),
    ...hold(books),
    ...debts(books),
    ...refunds.flatMap((refund) => refunded(books, refund)),
  ];
}

/** Reserved against every bound until the provider has answered; the day's sum is never given back. */
function exposures({ payment, operations }: PaymentBooks): ExpectedTransfer[] {
  const { person_id: person, device_id: device } = payment;
  const isOver = OVER.has(statusOf(operations, 'authorise') ?? '');
  const of = (account: string): ExpectedTransfer => ({
    ...whole(payment),
    code: 'exposure',
    kind: 'pending',
    debit: account,
    credit: `exposure_control:${account}`,
    ending: isOver ? { kind: 'void', amountMinor: payment.amount_minor } : null,
  });
  if (payment.accepted === 'online') return [of(`online_exposure_person:${person}`)];
  return [
    of(`offline_exposure_person:${person}`),
    of(`offline_exposure_terminal:${device}`),
    of('offline_exposure_site:*'),
    { ...of(`offline_day_person:${person}:*`), code: 'offline_day', kind: 'single', ending: null },
  ];
}

/** An authorisation holds the amount; its capture posts it, its release or lapse voids it. */
function hold({ payment, operations }: PaymentBooks): ExpectedTransfer[] {
  const authorisation = find(operations, 'authorise');
  if (authorisation?.status !== 'succeeded') return [];
  const capture = find(operations, 'capture');
  const isReleased =
    capture?.status === 'declined' ||
    operations.some(({ kind, status }) => kind === 'void' && status === 'succeeded');
  const released = isReleased ? { kind: 'void', amountMinor: authorisation.amount_minor } : null;
  return [
    {
      ...booked(authorisation),
      code: 'capture',
      kind: 'pending',
      debit: CLEARING,
      credit: `revenue:${payment.org_id}`,
      ending:
        capture?.status === 'succeeded'
          ? { kind: 'post', amountMinor: capture.amount_minor }
          : released,
    },
  ];
}

/** Accepted at the door and refused by the provider: owed, until settled otherwise or paid after all. */
function debts({ payment, operations, events }: PaymentBooks): ExpectedTransfer[] {
  const owing = `customer_receivable:${payment.person_id}`;
  const revenue = `revenue:${payment.org_id}`;
  const settlements = events
    .filter(({ type }) => type === 'receivable.settled')
    .map(({ data }) => (JSON.parse(data) as { amount_minor: number }).amount_minor);
  const settled = settlements.map((amountMinor) => ({
    ...whole(payment),
    code: 'receivable_settled',
    amountMinor,
    debit: `settled_outside:${payment.org_id}`,
    credit: owing,
  }));
  const settledMinor = settlements.reduce((sum, amount) => sum + amount, 0);
  // Taken back before the provider refused it: nothing was handed out, so nothing is owed.
  const isTakenBack = operations.some(
    ({ kind, status }) => kind === 'void' && status !== 'declined',
  );
  const owed = operations.flatMap((operation) => {
    if (isTakenBack && settledMinor === 0 && operation.kind === 'authorise') return [];
    if (operation.kind !== 'authorise' && operation.kind !== 'capture') return [];
    const isLate = tells(events, 'payment.late_success', operation);
    if (operation.status !== 'declined' && !isLate) return [];
    const debt = { ...booked(operation), code: 'receivable', debit: owing, credit: revenue };
    const openMinor = operation.amount_minor - settledMinor;
    if (!isLate || openMinor <= 0) return [debt];
    const paid = { code: 'receivable_reversed', amountMinor: openMinor };
    return [debt, { ...booked(operation), ...paid, debit: revenue, credit: owing }];
  });
  return [...owed, ...settled];
}

/** Held when asked for, paid out when done; what the bank sent back is earned again. */
function refunded({ payment, events }: PaymentBooks, refund: OperationRow): ExpectedTransfer[] {
  const payable = `refund_payable:${payment.person_id}`;
  const revenue = `revenue:${payment.org_id}`;
  const { status, amount_minor: amountMinor } = refund;
  const wasPaid = status === 'succeeded' || tells(events, 'payment.refunded', refund);
  const ended = wasPaid ? 'post' : status === 'declined' ? 'void' : null;
  const held: ExpectedTransfer = {
    ...booked(refund),
    code: 'refund',
    kind: 'pending',
    debit: revenue,
    credit: payable,
    ending: ended === null ? null : { kind: ended, amountMinor },
  };
  if (!wasPaid) return [held];
  const paid = { ...booked(refund), code: 'refund_paid', debit: payable, credit: CLEARING };
  if (status === 'succeeded') return [held, paid];
  const back = { ...booked(refund), code: 'refund_returned', debit: CLEARING, credit: revenue };
  return [held, paid, back];
}

type Leg = Pick<ExpectedTransfer, 'operationId' | 'amountMinor' | 'currency' | 'kind' | 'ending'>;

function booked(operation: OperationRow): Leg {
  const { id: operationId, amount_minor: amountMinor, currency } = operation;
  return { operationId, amountMinor, currency, kind: 'single', ending: null };
}

function whole({ amount_minor: amountMinor, currency }: PaymentRow): Leg {
  return { operationId: null, amountMinor, currency, kind: 'single', ending: null };
}

function find(
  operations: readonly OperationRow[],
  kind: OperationRow['kind'],
): OperationRow | undefined {
  return operations.find((each) => each.kind === kind);
}

function statusOf(
  operations: readonly OperationRow[],
  kind: OperationRow['kind'],
): string | undefined {
  return find(operations, kind)?.status;
}

function tells(
  events: readonly EventRow[],
  type: EventRow['type'],
  operation: OperationRow,
): boolean {
  return events.some(
    (event) =>
      event.type === type &&
      (JSON.parse(event.data) as { operation_id?: string }).operation_id === operation.id,
  );
}
