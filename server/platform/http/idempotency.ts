// Idempotent requests. The verb's one transaction is wrapped: it begins by claiming the key and ends by
// storing the answer, so effect and answer are committed together or not at all. What failed is rolled
// back and not remembered: the same key may be tried again.

import { createHash } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { DAY_MS } from '../../shared/instant.ts';
import type { Clock, Instant } from '../../shared/world.ts';
import {
  type EngineDatabase,
  type OrgDatabase,
  transaction,
  type Tx,
} from '../database/database.ts';
import {
  findAnswer,
  FORGOTTEN,
  holdKey,
  type KeyOwner,
  purgeExpired,
  removeAnswer,
  saveAnswer,
  type StoredAnswer,
} from './store-idempotency.ts';

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface IdempotentRequest extends KeyOwner {
  fingerprint: string;
}

const KEY_LENGTH_MAX = 255;
const IN_USE_RETRY_MS = 2_000;

/** The key as sent: bare, or a quoted string (draft-ietf-httpapi-idempotency-key-header). */
export function parseKey(header: string): string {
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header);
  const key = quoted === null ? header : (quoted[1] ?? '').replaceAll(/\\(["\\])/g, '$1');
  if (key.length === 0 || key.length > KEY_LENGTH_MAX || !/^[\x21-\x7e]+$/.test(key)) {
    throw new AppError(
      'invalid_request',
      `Expected an Idempotency-Key of 1 to ${KEY_LENGTH_MAX} visible ASCII characters, ` +
        `found ${key.length} characters${key.length > KEY_LENGTH_MAX ? '' : ' or others'}.`,
    );
  }
  return key;
}

export function fingerprintOf(method: string, path: string, body: Buffer | null): string {
  const digest = createHash('sha256')
    .update(body ?? Buffer.alloc(0))
    .digest('hex');
  return createHash('sha256').update(`${method} ${path}\n${digest}`).digest('hex');
}

/** The stored answer of an earlier twin, or null when this request is the first. */
export async function replayOf(
  db: OrgDatabase,
  request: IdempotentRequest,
  clock: Clock,
): Promise<StoredAnswer | null> {
  const stored = await findAnswer(db, request);
  if (stored === null || stored.expiresAt <= clock.now()) return null;
  return checkSame(request, stored);
}

/** Thrown out of a transaction that found its twin's answer: nothing of it is kept. */
export class TwinFound extends Error {
  readonly answer: StoredAnswer;

  constructor(answer: StoredAnswer) {
    super('This request was answered by its twin.');
    this.name = 'TwinFound';
    this.answer = answer;
  }
}

export interface WrappedDatabase {
  db: OrgDatabase;
  /** What the verb's transaction returned and the answer stored for it; null when it opened none. */
  outcome(): { result: unknown; answer: Answer } | null;
}

export function wrapDatabase(
  db: OrgDatabase,
  request: IdempotentRequest,
  { clock, days, answerOf }: { clock: Clock; days: number; answerOf(result: unknown): StoredPair },
): WrappedDatabase {
  let outcome: { result: unknown; answer: Answer } | null = null;
  const begin = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    if (outcome !== null)
      throw new Error('Invariant broken: an idempotent route opened two transactions');
    const done = await db.begin(async (tx) => {
      const now = clock.now();
      await claim(tx, request, now);
      const result = await work(tx);
      const { shown, kept, concernsId = null } = answerOf(result);
      const { fingerprint } = request;
      const times = { createdAt: now, expiresAt: now + days * DAY_MS };
      saveAnswer(tx, request, { ...kept, fingerprint, concernsId, ...times });
      return { result, answer: shown };
    });
    outcome = done;
    return done.result;
  };
  return { db: { ...db, begin }, outcome: () => outcome };
}

/** The answer as it is shown now, and as it is kept: without fields that are shown only once. */
export interface StoredPair {
  shown: Answer;
  kept: Answer;
  /** Whom or what it is about: when that is erased, what was kept is forgotten. */
  concernsId?: string | null;
}

async function claim(tx: Tx, request: IdempotentRequest, now: Instant): Promise<void> {
  holdKey(tx, request);
  const stored = await findAnswer(tx, request).catch((error: unknown) => {
    throw tx.dialect.isLockTimeout(error) ? inUse(error) : error;
  });
  if (stored === null) return;
  if (stored.expiresAt > now) throw new TwinFound(checkSame(request, stored));
  removeAnswer(tx, request);
}

function checkSame(request: IdempotentRequest, stored: StoredAnswer): StoredAnswer {
  if (stored.status === FORGOTTEN) {
    throw new AppError(
      'not_found',
      'The answer to this Idempotency-Key was forgotten, because what it was about has been erased.',
    );
  }
  if (stored.fingerprint !== request.fingerprint) {
    throw new AppError(
      'idempotency_key_reused',
      'Expected the same method, path and body as the first request with this Idempotency-Key, ' +
        'found others. Use a new key for a new request.',
    );
  }
  return stored;
}

function inUse(cause: unknown): AppError {
  return new AppError(
    'idempotency_key_in_use',
    'A request with this Idempotency-Key is still running. Ask again with the same key for its answer.',
    { cause, retryAfterMs: IN_USE_RETRY_MS },
  );
}

const PURGE_ROWS = 1_000;

/** Removes records whose time is over; returns how many. For a schedule. */
export async function purgeIdempotency(engine: EngineDatabase, clock: Clock): Promise<number> {
  let purged = 0;
  for (;;) {
    const count = await transaction(engine, (tx) => purgeExpired(tx, clock.now(), PURGE_ROWS));
    purged += count;
    if (count < PURGE_ROWS) return purged;
  }
}
