// The REST API as an integrator sees it: JSON over HTTP with a bearer key. A refusal becomes an error
// that carries the problem document. Every POST carries an idempotency key.

import { randomUUID } from 'node:crypto';

export interface Problem {
  status: number;
  code?: string;
  detail?: string;
  errors?: readonly { pointer: string; detail: string }[];
}

export class ApiProblem extends Error {
  readonly problem: Problem;

  constructor(method: string, path: string, problem: Problem) {
    const fields = (problem.errors ?? []).map((field) => `${field.pointer}: ${field.detail}`);
    super(
      `${method} ${path} → ${problem.status} ${problem.code ?? ''}: ` +
        [problem.detail ?? '', ...fields].join(' '),
    );
    this.problem = problem;
  }
}

export interface ApiClient {
  get<T = Record<string, unknown>>(path: string): Promise<T>;
  post<T = Record<string, unknown>>(path: string, body?: unknown): Promise<T>;
  /** Sends a file's text as NDJSON. */
  postLines<T = Record<string, unknown>>(path: string, lines: string): Promise<T>;
}

export function createApiClient(base: string, apiKey: string): ApiClient {
  const call = async <T>(method: string, path: string, init: RequestInit): Promise<T> => {
    const response = await fetch(`${base}${path}`, {
      method,
      signal: AbortSignal.timeout(120_000),
      ...init,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
        ...(init.headers as Record<string, string> | undefined),
      },
    });
    const text = await response.text();
    const body: unknown = text === '' ? {} : JSON.parse(text);
    if (!response.ok) throw new ApiProblem(method, path, body as Problem);
    return body as T;
  };
  return {
    get: (path) => call('GET', path, {}),
    post: (path, body = {}) =>
      call('POST', path, {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    postLines: (path, lines) =>
      call('POST', path, { body: lines, headers: { 'content-type': 'application/x-ndjson' } }),
  };
}
