// The page where a person shows a document and their face: here a form in which they also choose the
// outcome. Opening it starts the attempt; posting it submits and decides.

import { atomically, one, update } from '../twin/database.ts';
import { matchPath, type TwinReply, type TwinRequest, htmlReply } from '../twin/http.ts';
import { isOutcome, type Outcome } from './decisions.ts';
import { closedPage, verifyPage } from './hosted-page-html.ts';
import type { SessionRow } from './rows.ts';
import {
  type Call,
  decideSession,
  isOpen,
  type Person,
  startSession,
  submitSession,
} from './sessions.ts';

const PERSON_FIELDS = {
  first_name: 'firstName',
  last_name: 'lastName',
  id_number: 'idNumber',
  date_of_birth: 'dateOfBirth',
};
const DOCUMENT_FIELDS = {
  document_type: 'type',
  document_number: 'number',
  document_country: 'country',
};

/** The reply for a hosted page, or null when the path is none. */
export function answerPage(request: TwinRequest, call: Call): TwinReply | null {
  const token = matchPath('/v/:token', request.path)?.['token'];
  if (token === undefined) return null;
  return atomically(call.db, () => page(request, call, token));
}

function page(request: TwinRequest, call: Call, token: string): TwinReply {
  const session = one<SessionRow>(call.db, 'select * from session where token = ?', token);
  if (session === undefined || session.status === 'deleted') {
    return htmlReply(404, closedPage('There is no such verification.'));
  }
  if (!isOpen(session)) return htmlReply(410, closedPage('This verification is finished.'));
  if (request.method === 'GET') {
    startSession(call, session);
    return htmlReply(200, verifyPage(shown(session, request.path)));
  }
  if (request.method !== 'POST') return htmlReply(405, closedPage('Please use the form.'));
  return submit(request, call, session);
}

function submit(request: TwinRequest, call: Call, session: SessionRow): TwinReply {
  const form = new URLSearchParams(request.body.toString('utf8'));
  const outcome = form.get('outcome') ?? '';
  if (!isOutcome(outcome)) {
    const error = `Please choose an outcome; "${outcome.slice(0, 40)}" is none.`;
    return htmlReply(422, verifyPage({ ...shown(session, request.path), error }));
  }
  record(call, session, form);
  finish(call, session, outcome);
  if (session.callback === null)
    return htmlReply(200, closedPage('Thank you. You can close this page.'));
  return { status: 303, headers: { location: session.callback }, body: '' };
}

/** An expired or abandoned session was never submitted; all others pass through each step once. */
function finish(call: Call, session: SessionRow, outcome: Outcome): void {
  startSession(call, session);
  const isSubmitted = session.status === 'submitted' || session.status === 'review';
  const isLeft = outcome === 'expired' || outcome === 'abandoned';
  if (!isSubmitted && !isLeft) submitSession(call, session);
  decideSession(call, session.id, outcome);
}

function record(call: Call, session: SessionRow, form: URLSearchParams): void {
  const merged = (current: string, fields: Record<string, string>): string => {
    const values = JSON.parse(current) as Person;
    for (const [field, name] of Object.entries(fields)) {
      const value = form.get(field)?.trim().slice(0, 200) ?? '';
      if (value !== '') values[name] = value;
    }
    return JSON.stringify(values);
  };
  update(call.db, 'session', session.id, {
    person: merged(session.person, PERSON_FIELDS),
    document: merged(session.document, DOCUMENT_FIELDS),
  });
}

function shown(session: SessionRow, action: string) {
  const { firstName, lastName } = JSON.parse(session.person) as Person;
  return { action, firstName: firstName ?? '', lastName: lastName ?? '' };
}
