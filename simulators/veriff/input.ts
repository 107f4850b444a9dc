// The bodies Veriff's API takes, checked before anything is done.

import { z } from 'zod';
import { VeriffError } from './errors.ts';
import type { NewSession } from './sessions.ts';

const MEDIA_MAX_BYTES = 8_388_608;
const CONTEXTS = ['document-front', 'document-back', 'document-and-face', 'face'] as const;
const word = z.string().max(200);
const person = z
  .object({
    firstName: word.optional(),
    lastName: word.optional(),
    idNumber: word.optional(),
    dateOfBirth: z.iso.date().optional(),
    gender: z.enum(['M', 'F']).optional(),
  })
  .default({});
const document = z
  .object({ number: word.optional(), country: word.optional(), type: word.optional() })
  .default({});

const sessionSchema = z.object({
  verification: z.object({
    callback: z.string().optional(),
    person,
    document,
    vendorData: z.string().nullish(),
    endUserId: z.uuid().nullish(),
    timestamp: z.iso.datetime({ offset: true }).optional(),
  }),
});
const statusSchema = z.object({ verification: z.object({ status: z.string() }) });
const mediaSchema = z.object({
  image: z.object({ context: z.string(), content: z.string().min(1) }),
});

export function readSession(body: unknown): NewSession {
  const { verification } = check(sessionSchema, body);
  const { callback = null, vendorData = null, endUserId = null } = verification;
  if (callback !== null && !callback.startsWith('https://')) {
    throw new VeriffError(400, 1302, `Only HTTPS return URLs are allowed, found "${callback}"`);
  }
  if (vendorData !== null && vendorData.length > 1000) {
    throw new VeriffError(400, 1500, 'vendorData field cannot be more than 1000 symbols');
  }
  const given = { person: defined(verification.person), document: defined(verification.document) };
  return { callback, vendorData, endUserId, ...given };
}

export function readStatus(body: unknown): string {
  return check(statusSchema, body).verification.status;
}

export type Media = { context: string; bytes: Buffer };

export function readMedia(body: unknown): Media {
  const { image } = check(mediaSchema, body);
  if (!CONTEXTS.includes(image.context as (typeof CONTEXTS)[number])) {
    const message = `Image context is not supported: expected one of ${CONTEXTS.join(', ')}, found "${image.context}"`;
    throw new VeriffError(400, 1402, message);
  }
  const base64 = image.content.replace(/^data:image\/[a-z+]+;base64,/, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw new VeriffError(400, 1401, 'Image is not in valid base64');
  }
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > MEDIA_MAX_BYTES) {
    const message = `Image is larger than ${MEDIA_MAX_BYTES} bytes, found ${bytes.length}`;
    throw new VeriffError(400, 1104, message);
  }
  return { context: image.context, bytes };
}

function check<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  const isMissing = issue?.code === 'invalid_type' && issue.message.includes('undefined');
  const message = `${field || 'body'}: ${issue?.message ?? 'is not valid'}`;
  throw new VeriffError(400, isMissing ? 1102 : 1104, message);
}

function defined(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
