// Sessions and their attempts: what a person is asked to prove, how far they came, and what Veriff
// made of it. Each step tells its webhook in the same transaction.

import { randomUUID } from 'node:crypto';
import { all, type Database, insert, one, update } from '../twin/database.ts';
import { randomId } from '../twin/ids.ts';
import type { Webhooks } from '../twin/webhooks.ts';
import { decisionOf, type Outcome, OUTCOMES } from './decisions.ts';
import { notFound, VeriffError } from './errors.ts';
import type { AttemptRow, SessionRow } from './rows.ts';

export type Call = { db: Database; nowMs: number; baseUrl: string; webhooks: Webhooks };
export type Person = Record<string, string | null>;

export type NewSession = {
  vendorData: string | null;
  endUserId: string | null;
  callback: string | null;
  person: Person;
  document: Person;
};

const SESSION_LIFE_MS = 7 * 86_400_000;
/** States in which the hosted page still takes a submission. */
const OPEN = ['created', 'started', 'submitted', 'resubmission_requested', 'review'];

export function insertSession(call: Call, input: NewSession): SessionRow {
  const id = randomUUID();
  insert(call.db, 'session', {
    id,
    created_ms: call.nowMs,
    expires_ms: call.nowMs + SESSION_LIFE_MS,
    token: randomId('', 64),
    status: 'created',
    vendor_data: input.vendorData,
    end_user_id: input.endUserId,
    callback: input.callback,
    person: JSON.stringify(input.person),
    document: JSON.stringify(input.document),
  });
  insertAttempt(call, id);
  return findSession(call, id);
}

export function findSession(call: Call, id: string): SessionRow {
  const row = one<SessionRow>(call.db, 'select * from session where id = ?', id);
  if (row === undefined || row.status === 'deleted') throw notFound(id);
  return row;
}

export function attemptsOf(call: Call, session: string): AttemptRow[] {
  return all<AttemptRow>(
    call.db,
    'select * from attempt where session = ? order by seq desc',
    session,
  );
}

export const isOpen = (session: SessionRow): boolean => OPEN.includes(session.status);

export const urlOf = (call: Call, session: SessionRow): string =>
  `${call.baseUrl}/v/${session.token}`;

/** The person opened the page. */
export function startSession(call: Call, session: SessionRow): void {
  if (session.status !== 'created' && session.status !== 'resubmission_requested') return;
  // Asked to try again, the person makes a new attempt; the old one keeps its verdict.
  if (session.status === 'resubmission_requested') insertAttempt(call, session.id);
  const attempt = latestAttempt(call, session.id);
  update(call.db, 'session', session.id, { status: 'started' });
  update(call.db, 'attempt', attempt.id, { status: 'started' });
  tellEvent(call, session, { attempt: attempt.id, code: 7001, action: 'started' });
}

export function submitSession(call: Call, session: SessionRow): void {
  const attempt = latestAttempt(call, session.id);
  update(call.db, 'session', session.id, { status: 'submitted' });
  update(call.db, 'attempt', attempt.id, { status: 'submitted', submitted_ms: call.nowMs });
  tellEvent(call, session, { attempt: attempt.id, code: 7002, action: 'submitted' });
}

export function decideSession(call: Call, sessionId: string, outcome: Outcome): void {
  const attempt = latestAttempt(call, sessionId);
  const { code, reason, reasonCode } = OUTCOMES[outcome];
  update(call.db, 'session', sessionId, { status: outcome });
  update(call.db, 'attempt', attempt.id, {
    status: outcome,
    code,
    reason,
    reason_code: reasonCode,
    decided_ms: call.nowMs,
  });
  const decided = findSession(call, sessionId);
  const verification = decisionOf(decided, latestAttempt(call, sessionId));
  call.webhooks.enqueue({
    id: attempt.id,
    type: `decision.${outcome}`,
    body: JSON.stringify({ status: 'success', verification, technicalData: { ip: null } }),
  });
}

/** The verdict that stands, or null while there is none. */
export function standingDecision(call: Call, session: SessionRow): Record<string, unknown> | null {
  const decided = attemptsOf(call, session.id).find((attempt) => attempt.decided_ms !== null);
  return decided === undefined ? null : decisionOf(session, decided);
}

/** Sessions nobody finished in time: abandoned when begun, expired when not. */
export function expireDueSessions(call: Call): void {
  const sql = `select * from session where status in ('created', 'started') and expires_ms <= ?`;
  for (const row of all<SessionRow>(call.db, sql, call.nowMs)) {
    decideSession(call, row.id, row.status === 'started' ? 'abandoned' : 'expired');
  }
}

export function deleteSession(call: Call, session: SessionRow): void {
  if (session.status === 'started' || session.status === 'submitted') {
    throw new VeriffError(400, 1304, `Cannot delete a session with status ${session.status}`);
  }
  const gone = {
    status: 'deleted',
    person: '{}',
    document: '{}',
    vendor_data: null,
    end_user_id: null,
  };
  update(call.db, 'session', session.id, gone);
}

function latestAttempt(call: Call, session: string): AttemptRow {
  const [attempt] = attemptsOf(call, session);
  if (attempt === undefined) throw new Error(`session ${session} has no attempt`);
  return attempt;
}

function insertAttempt(call: Call, session: string): void {
  insert(call.db, 'attempt', {
    id: randomUUID(),
    session,
    created_ms: call.nowMs,
    status: 'created',
  });
}

type Told = { attempt: string; code: number; action: string };

function tellEvent(call: Call, session: SessionRow, { attempt, code, action }: Told): void {
  const event = {
    id: session.id,
    attemptId: attempt,
    feature: 'selfid',
    code,
    action,
    endUserId: session.end_user_id,
    vendorData: session.vendor_data,
  };
  call.webhooks.enqueue({ id: attempt, type: `event.${action}`, body: JSON.stringify(event) });
}
