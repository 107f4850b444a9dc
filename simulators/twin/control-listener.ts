// The control API: what a test, a drill or the story may do to a twin. Never cut, loopback only.
// A wrong body is refused by field, and nothing of it is applied.

import http from 'node:http';
import { z } from 'zod';
import type { Clock } from './clock.ts';
import { faultSchema, type Faults } from './faults.ts';
import { isHttpUrl } from './flags.ts';
import { jsonReply, readBody, sendReply, type TwinReply } from './http.ts';
import { WAN_MODES, type Wan } from './wan.ts';
import type { Webhooks } from './webhooks.ts';

const BODY_MAX_BYTES = 65_536;
const MS_MAX = 8_640_000_000_000_000;

const webhookSchema = z.strictObject({
  url: z.string().refine(isHttpUrl, 'expected an http or https URL'),
  secret: z.string().min(1).optional(),
});
const clockSchema = z.union([
  z.strictObject({ advance_ms: z.int().min(-MS_MAX).max(MS_MAX) }),
  z.strictObject({ now_ms: z.int().min(0).max(MS_MAX) }),
  z.strictObject({ real: z.literal(true) }),
]);
const wanSchema = z.strictObject({
  state: z.enum(['cut', 'up']),
  mode: z.enum(WAN_MODES).default('reset'),
});

type Parts = {
  clock: Clock;
  wan: Wan;
  faults: Faults;
  webhooks: Webhooks;
  describe(): Record<string, unknown>;
};
type Answer = (parts: Parts, body: unknown) => TwinReply;

const ROUTES: Record<string, Answer> = {
  'GET /state': (parts) => jsonReply(200, parts.describe()),
  'GET /faults': ({ faults }) => jsonReply(200, { faults: faults.list() }),
  'PUT /webhook': ({ webhooks }, body) => {
    webhooks.configure(webhookSchema.parse(body));
    return jsonReply(200, { webhooks: webhooks.summary() });
  },
  'POST /clock': ({ clock }, body) => {
    const wanted = clockSchema.parse(body);
    if ('advance_ms' in wanted) clock.advance(wanted.advance_ms);
    else if ('now_ms' in wanted) clock.setNow(wanted.now_ms);
    else clock.useReal();
    return jsonReply(200, { now_ms: clock.nowMs(), offset_ms: clock.offsetMs() });
  },
  'POST /faults': ({ faults }, body) => jsonReply(201, { id: faults.add(faultSchema.parse(body)) }),
  'DELETE /faults': ({ faults, webhooks }) => {
    faults.clear();
    webhooks.releaseHeld();
    return jsonReply(200, { faults: [] });
  },
  'POST /wan': ({ wan }, body) => {
    const wanted = wanSchema.parse(body);
    if (wanted.state === 'cut') wan.cut(wanted.mode);
    else wan.restore();
    return jsonReply(200, { wan: wan.state() });
  },
};

export function createControlServer(parts: Parts): http.Server {
  return http.createServer((message, response) => {
    const key = `${message.method} ${(message.url ?? '').split('?')[0]}`;
    readBody(message, BODY_MAX_BYTES)
      .then((body) => sendReply(response, answer(parts, key, body)))
      .catch((error: unknown) => sendReply(response, refusal(error)));
  });
}

function answer(parts: Parts, key: string, body: Buffer): TwinReply {
  const route = ROUTES[key];
  if (route === undefined) {
    const message = `no such control: "${key}"; there are ${Object.keys(ROUTES).join(', ')}`;
    return jsonReply(404, { error: { message } });
  }
  try {
    return route(parts, body.length === 0 ? {} : JSON.parse(body.toString('utf8')));
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): TwinReply {
  if (error instanceof z.ZodError) {
    const issues = error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
    const message = issues.map((issue) => `${issue.field || 'body'}: ${issue.message}`).join('; ');
    return jsonReply(400, { error: { message, issues } });
  }
  const status = error instanceof SyntaxError ? 400 : 500;
  return jsonReply(status, { error: { message: (error as Error).message } });
}
