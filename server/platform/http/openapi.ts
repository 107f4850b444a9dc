// The OpenAPI 3.1 document, made of the same table that routes, validates and authorizes. What is in it
// is therefore what the server does.

import { z, type ZodObject, type ZodType } from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiOverride,
} from 'zod-openapi';
import { ERRORS, type ErrorCode } from '../../shared/errors.ts';
import { STATUS_OF_KIND } from './problem.ts';
import type { HttpSettings } from './settings.ts';
import type { PlainRoute, RouteEntry } from './table.ts';
import { newestVersion } from './versions.ts';

export type OpenApiDocument = Readonly<Record<string, unknown>>;

const Problem = z
  .object({
    type: z.string().meta({ description: 'A page on this appliance that explains the code.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What was expected, what was found, how to mend it.' }),
    instance: z.string(),
    code: z.string().meta({ description: 'Stable; branch on this. New codes may appear.' }),
    request_id: z.string(),
    retryable: z.boolean(),
    commit: z.string(),
    errors: z
      .array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() }))
      .optional()
      .meta({ description: 'One entry per wrong field; `pointer` is a JSON Pointer.' }),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details.' });

export function openApiDocument(
  table: readonly RouteEntry[],
  settings: Pick<HttpSettings, 'build' | 'versions' | 'pageLimitDefault' | 'pageLimitMax'>,
): OpenApiDocument {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  const pages = new Map<ZodType, ZodType>();
  for (const { route } of table) {
    const path = route.path.replaceAll(/:([a-z_]+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route, settings, pages);
  }
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Sallyport',
        version: newestVersion(settings.versions),
        description:
          'Biometric identity, payments and KYC. Every write can be repeated with the same ' +
          'Idempotency-Key; every error is a problem document with a stable code.',
      },
      servers: [{ url: '/' }],
      tags: [...new Set(table.map(({ route }) => route.tag))].map((name) => ({ name })),
      security: [{ apiKey: [] }],
      components: { securitySchemes: SECURITY, parameters: PARAMETERS },
      paths,
    },
    { override: plainSchema },
  );
  return document as unknown as OpenApiDocument;
}

const SECURITY = {
  apiKey: { type: 'http' as const, scheme: 'bearer', description: 'An API key: `sp_…`.' },
};

const PARAMETERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header' as const,
    required: false,
    schema: { type: 'string' as const, minLength: 1, maxLength: 255 },
    description: 'Any unique text, the same on every retry. Answers are kept with their effect.',
  },
  RequiredIdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header' as const,
    required: true,
    schema: { type: 'string' as const, minLength: 1, maxLength: 255 },
    description: 'Any unique text, the same on every retry. Answers are kept with their effect.',
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header' as const,
    required: false,
    schema: { type: 'string' as const },
    description: 'The ETag of the version this change was made for.',
  },
  RequiredIfMatch: {
    name: 'If-Match',
    in: 'header' as const,
    required: true,
    schema: { type: 'string' as const },
    description: 'The ETag of the version this change was made for.',
  },
  Version: {
    name: 'Sallyport-Version',
    in: 'header' as const,
    required: false,
    schema: { type: 'string' as const },
    description: 'A dated API version; the one pinned on the key unless named.',
  },
};

function operationOf(
  route: PlainRoute,
  settings: Pick<HttpSettings, 'pageLimitDefault' | 'pageLimitMax'>,
  pages: Map<ZodType, ZodType>,
): ZodOpenApiOperationObject {
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    tags: [route.tag],
    ...(route.action === 'public' ? { security: [] } : {}),
    parameters: headerParameters(route).map((name) => ({
      $ref: `#/components/parameters/${name}`,
    })),
    ...parametersOf(route, settings),
    ...requestBodyOf(route),
    responses: {
      [route.status]: answerOf(route, pages),
      ...(route.method === 'GET' && route.versionOf !== undefined ? NOT_MODIFIED : {}),
      ...problemResponses(route),
    },
    'x-permission': route.action,
    ...(route.idempotency === 'none' ? {} : { 'x-idempotency': route.idempotency }),
    ...(route.pagination === undefined ? {} : { 'x-pagination': route.pagination }),
  };
}

function headerParameters(route: PlainRoute): string[] {
  return [
    'Version',
    ...(route.idempotency === 'required' ? ['RequiredIdempotencyKey'] : []),
    ...(route.idempotency === 'accepted' ? ['IdempotencyKey'] : []),
    ...(route.precondition === 'required' ? ['RequiredIfMatch'] : []),
    ...(route.precondition === 'accepted' ? ['IfMatch'] : []),
  ];
}

function parametersOf(
  route: PlainRoute,
  { pageLimitDefault, pageLimitMax }: Pick<HttpSettings, 'pageLimitDefault' | 'pageLimitMax'>,
): object {
  const own = (route.query as ZodObject | undefined)?.shape ?? {};
  const paging = {
    limit: z
      .int()
      .min(1)
      .max(pageLimitMax)
      .optional()
      .meta({
        description: `Items per page, ${pageLimitDefault} unless told. A larger number is no error: it is answered with pages of ${pageLimitMax}, and \`has_more\` says that there is more.`,
      }),
    cursor: z
      .string()
      .optional()
      .meta({ description: 'The next_cursor of the page before, with the same filters.' }),
  };
  const query = route.pagination === undefined ? own : { ...own, ...paging };
  return {
    requestParams: {
      ...(route.params === undefined ? {} : { path: route.params as ZodObject }),
      ...(Object.keys(query).length === 0 ? {} : { query: z.object(query) }),
    },
  };
}

function requestBodyOf(route: PlainRoute): object {
  if (route.payload === 'stream') {
    const schema = { type: 'string' as const, description: 'One JSON object per line.' };
    return { requestBody: { required: true, content: { 'application/x-ndjson': { schema } } } };
  }
  if (route.payload === 'raw') {
    return { requestBody: { required: true, content: { 'application/octet-stream': {} } } };
  }
  if (route.body === undefined) return {};
  return {
    requestBody: { required: true, content: { 'application/json': { schema: route.body } } },
  };
}

function answerOf(route: PlainRoute, pages: Map<ZodType, ZodType>): object {
  if (route.status === 204) return { description: 'Done; there is nothing to say.' };
  const schema = route.pagination === undefined ? route.answer : pageOf(route.answer, pages);
  return { description: 'As asked.', content: { 'application/json': { schema } } };
}

/** Named after its item, and made once per item: a name stands for one schema. */
function pageOf(item: ZodType, pages: Map<ZodType, ZodType>): ZodType {
  const id = (item.meta() as { id?: string } | undefined)?.id;
  const page = z.object({
    data: z.array(item),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
  });
  const named = pages.get(item) ?? (id === undefined ? page : page.meta({ id: `${id}Page` }));
  pages.set(item, named);
  return named;
}

const NOT_MODIFIED = { 304: { description: 'The version named by If-None-Match is the newest.' } };

function problemResponses(route: PlainRoute): Record<string, object> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codesOf(route)) {
    const status = STATUS_OF_KIND[ERRORS[code].kind];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses = [...byStatus].map(([status, codes]) => [
    String(status),
    {
      description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}.`).join(' '),
      content: { 'application/problem+json': { schema: Problem } },
    },
  ]);
  return Object.fromEntries(responses);
}

/** What the steps may answer on this route, then what its verb adds. */
function codesOf(route: PlainRoute): ErrorCode[] {
  const named = typeof route.resource !== 'string';
  const writes = route.method !== 'GET';
  const json = writes && (route.payload ?? 'json') === 'json';
  const given: [boolean, ErrorCode[]][] = [
    [true, ['invalid_request', 'unknown_version', 'header_too_large', 'internal']],
    [true, ['unavailable', 'draining', 'deadline_passed']],
    [route.action !== 'public', ['unauthenticated', 'forbidden']],
    [named, ['not_found']],
    [route.pagination !== undefined, ['invalid_cursor']],
    [writes, ['conflict', 'body_too_large', 'unsupported_media_type']],
    [json, ['invalid_json', 'validation_failed', 'card_number_refused']],
    [route.idempotency === 'required', ['idempotency_key_missing']],
    [route.idempotency !== 'none', ['idempotency_key_reused', 'idempotency_key_in_use']],
    [route.precondition === 'required', ['version_required']],
    [route.precondition !== undefined, ['version_mismatch']],
  ];
  const steps = given.flatMap(([applies, codes]) => (applies ? codes : []));
  return [...new Set([...steps, ...(route.problems ?? [])])];
}

/** Leaves answers open for new fields, and strips noise that helps no reader. */
const plainSchema: ZodOpenApiOverride = ({ jsonSchema }) => {
  const schema = jsonSchema as Record<string, unknown>;
  if (schema['additionalProperties'] === false) delete schema['additionalProperties'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['format'] === 'date-time') delete schema['pattern'];
  if (schema['secret'] === true) {
    delete schema['secret'];
    schema['x-secret'] = true;
  }
};
