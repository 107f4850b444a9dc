// What the verbs and handlers of this domain share. Built once in index.ts.

import type { Deps } from '../../platform/deps.ts';
import type { HttpClient } from '../../platform/outside/http-exchange.ts';
import type { VeriffSettings } from './providers/veriff.ts';

export interface KycSettings {
  /** How long an approval counts. */
  approvalMs: number;
  /** What a session without a level asks for. */
  level: string;
  /** How often open sessions are asked about, whether or not webhooks come. */
  pollEveryMs: number;
}

export interface Room {
  deps: Deps;
  settings: KycSettings;
  veriff: VeriffSettings;
  client: HttpClient;
}

export const PROVIDER = 'veriff';
export const DESTINATION = 'veriff';
export const SESSION_MESSAGE = 'kyc.session';
export const REFETCH_MESSAGE = 'kyc.refetch';
export const POLL_SOURCE = 'poll';
