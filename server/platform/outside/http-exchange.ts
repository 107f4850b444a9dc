// What an HTTP exchange with the outside is, and how it may end. Types only: adapters build and parse
// these as pure functions; http-client.ts performs them.

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';
  /** Path and query, joined to the destination's base URL. */
  path: string;
  headers: Readonly<Record<string, string>>;
  /** The exact bytes to send, as text; stored on the operation's row before the first send. */
  body: string | null;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names; repeated values joined by a comma. */
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** How far the exchange got. Only `connecting` proves that nothing was executed. */
export type ExchangePhase = 'connecting' | 'written' | 'reading';

export type Exchange =
  | { kind: 'answered'; response: HttpResponse; durationMs: number }
  | { kind: 'failed'; phase: ExchangePhase; error: Error; durationMs: number };

export interface HttpClient {
  exchange(request: HttpRequest, signal: AbortSignal): Promise<Exchange>;
  close(): Promise<void>;
}
