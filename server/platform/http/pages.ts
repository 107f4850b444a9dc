// What the server answers outside the table of routes: health, metrics, the document and its page. No
// credential, no body, GET only.

export interface PageAnswer {
  status: number;
  type: string;
  body: string | Buffer;
  headers?: Readonly<Record<string, string>>;
}

export interface Page {
  /** Exact, or with one `:name` at the end. */
  path: string;
  /** `false` keeps it out of the log unless it fails: probes come every few seconds. */
  logged: boolean;
  /** Null: there is nothing here. */
  answer(name: string, query: URLSearchParams): Promise<PageAnswer | null>;
}

export function jsonAnswer(status: number, value: unknown): PageAnswer {
  return {
    status,
    type: 'application/json; charset=utf-8',
    body: JSON.stringify(value),
    headers: { 'Cache-Control': 'no-store' },
  };
}
