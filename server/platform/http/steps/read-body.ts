// The body, under its limit and with the content type its route asks for. JSON is parsed, bounded in
// depth, and kept free of card numbers. Raw and streamed bodies are left for the route to read.

import { AppError } from '../../../shared/errors.ts';
import { inspectJson, JSON_DEPTH_MAX } from '../card-numbers.ts';
import { readBytes } from '../body-bytes.ts';
import { entryOf, type HttpContext, type HttpKit, type Step } from '../step.ts';

export function readBody({ settings }: HttpKit): Step {
  return {
    name: 'read-body',
    run: async (context, next) => {
      const { route } = entryOf(context);
      refuseContentEncoding(context);
      if (route.payload === 'stream')
        expectType(context, ['application/x-ndjson', 'application/jsonl']);
      if (route.method !== 'GET' && (route.payload ?? 'json') === 'json') {
        const bytes = await readBytes(context.req, settings.bodyLimitBytes);
        context.state.bytes = bytes;
        if (bytes.length > 0) context.state.json = parse(context, bytes);
      }
      await next();
    },
  };
}

/** A compressed body would hide its size from the limits; no client of ours needs it. */
function refuseContentEncoding(context: HttpContext): void {
  const encoding = context.get('content-encoding');
  if (encoding === '' || encoding === 'identity') return;
  throw new AppError(
    'unsupported_media_type',
    `Expected a body without Content-Encoding, found ${JSON.stringify(encoding.slice(0, 40))}.`,
  );
}

function expectType(context: HttpContext, types: readonly string[]): void {
  const found = context.get('content-type');
  const [type = '', ...parameters] = found
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters
    .find((part) => part.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '');
  if (types.includes(type) && (charset === undefined || charset === 'utf-8')) return;
  throw new AppError(
    'unsupported_media_type',
    `Expected Content-Type ${types.join(' or ')} in UTF-8, found ${JSON.stringify(found.slice(0, 80))}.`,
  );
}

function parse(context: HttpContext, bytes: Buffer): unknown {
  const types = ['application/json'];
  // RFC 7396: a PATCH of ours is a merge patch, by either name.
  expectType(
    context,
    context.method === 'PATCH' ? [...types, 'application/merge-patch+json'] : types,
  );
  const json = parseJson(bytes);
  const verdict = inspectJson(json);
  if (verdict.kind === 'card') throw cardRefused(verdict.pointer);
  if (verdict.kind === 'nul') throw nulRefused(verdict.pointer);
  if (verdict.kind === 'too_deep') {
    throw new AppError(
      'invalid_json',
      `Expected JSON of at most ${JSON_DEPTH_MAX} levels, found more.`,
    );
  }
  return json;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch (cause) {
    // The engine's own message would repeat a piece of the body.
    const at = /position (\d+)/.exec(String(cause))?.[1];
    const where = at === undefined ? '' : ` The first fault is at character ${at}.`;
    throw new AppError('invalid_json', `Expected JSON in UTF-8, found something else.${where}`);
  }
}

function cardRefused(pointer: string): AppError {
  return new AppError(
    'card_number_refused',
    "Expected no card number anywhere, found one. Save a card on the payment provider's hosted page.",
    {
      fields: [
        { pointer, code: 'card_number', detail: 'Expected anything but a card number, found one.' },
      ],
    },
  );
}

function nulRefused(pointer: string): AppError {
  const detail = 'Expected text without NUL characters, found one.';
  return new AppError('validation_failed', `${pointer || 'The body'}: ${detail}`, {
    fields: [{ pointer, code: 'nul', detail }],
  });
}
