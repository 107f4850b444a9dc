// The few rules that values of the chart share.

import type { JsonSchema } from '../../config/setting.ts';
import { value, type Value } from './value.ts';

export const name: JsonSchema = { type: 'string', maxLength: 512 };
export const filled: JsonSchema = { type: 'string', minLength: 1, maxLength: 512 };
export const objectName: JsonSchema = {
  type: 'string',
  maxLength: 253,
  pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$',
};
export const digest: JsonSchema = { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' };
export const strings: JsonSchema = { type: 'object', additionalProperties: { type: 'string' } };
export const texts: JsonSchema = { type: 'array', items: filled };
/** What Kubernetes checks itself. */
export const open: JsonSchema = { type: 'object' };
export const objects: JsonSchema = { type: 'array', items: open };
export const references: JsonSchema = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: { name: { ...objectName, minLength: 1 } },
  },
};
export const idOrNull: JsonSchema = { type: ['integer', 'null'], minimum: 1 };

export function integer(minimum: number, maximum: number): JsonSchema {
  return { type: 'integer', minimum, maximum };
}

export function oneOf(...options: readonly string[]): JsonSchema {
  return { type: 'string', enum: options };
}

export function flag(doc: string, initial: boolean): Value {
  return value(doc, initial, { type: 'boolean' });
}
