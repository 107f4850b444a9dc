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
/** `500m`, `1.5`, `10Gi`, `1e3`, as Kubernetes writes amounts; nothing below nothing. */
export const quantity: JsonSchema = {
  type: ['string', 'number'],
  pattern: '^[0-9]+([.][0-9]+)?([numkMGTPE]|[KMGTPE]i|[eE][0-9]+)?$',
  minimum: 0,
};
export const size: JsonSchema = { ...quantity, type: 'string' };
const quantities: JsonSchema = { type: 'object', additionalProperties: quantity };
export const resources: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: { requests: quantities, limits: quantities, claims: objectsWith('name') },
};
/** Prometheus' own words for a time. */
export const duration: JsonSchema = { type: 'string', pattern: '^([1-9][0-9]*(ms|[smhd]))+$' };
/** Zero would block the drain of every node. */
export const someOrPercent: JsonSchema = {
  type: ['integer', 'string'],
  minimum: 1,
  pattern: '^([1-9][0-9]?|100)%$',
};
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

/** Kubernetes checks the rest of each. */
export function objectsWith(...required: readonly string[]): JsonSchema {
  const named = required.map((field): [string, JsonSchema] => [field, filled]);
  return {
    type: 'array',
    items: { type: 'object', required, properties: Object.fromEntries(named) },
  };
}

export function integer(minimum: number, maximum: number): JsonSchema {
  return { type: 'integer', minimum, maximum };
}

export function oneOf(...options: readonly string[]): JsonSchema {
  return { type: 'string', enum: options };
}

export function flag(doc: string, initial: boolean): Value {
  return value(doc, initial, { type: 'boolean' });
}
