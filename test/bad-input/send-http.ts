// The edge of the API: one request on a real socket, and its problem document as code and message.

import { requireDocumented } from '../support/documented.ts';
import { send, type TestResponse } from '../support/http.ts';
import type { BadAnswer } from './bad-case.ts';
import type { Stage } from './stage.ts';

export interface BadRequest {
  method?: string;
  path: string;
  /** `null` sends no credential; the organization's own key unless told. */
  key?: string | null;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
}

export async function ask(stage: Stage, request: BadRequest): Promise<BadAnswer> {
  return toAnswer(await requestOf(stage, request));
}

export async function requestOf(stage: Stage, request: BadRequest): Promise<TestResponse> {
  const { method = 'POST', path, key = stage.apiKey, headers, body } = request;
  const answer = await send(stage.api, {
    method,
    path,
    ...(key === null ? {} : { key }),
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
  });
  requireDocumented(stage.document, { method, path }, answer);
  return answer;
}

interface ProblemBody {
  code: string;
  detail: string;
  errors?: readonly { pointer: string; detail: string }[];
}

/** The message is the detail, and each field's own problem that the detail does not name. */
function toAnswer(response: TestResponse): BadAnswer {
  const type = response.headers['content-type'] ?? '';
  if (!type.startsWith('application/problem+json')) {
    return { code: String(response.status), message: response.text };
  }
  const problem = response.json() as ProblemBody;
  const fields = (problem.errors ?? [])
    .map(({ pointer, detail }) => `${pointer || 'The body'}: ${detail}`)
    .filter((text) => !problem.detail.startsWith(text));
  return {
    code: `${response.status} ${problem.code}`,
    message: [problem.detail, ...fields].join('\n'),
  };
}
