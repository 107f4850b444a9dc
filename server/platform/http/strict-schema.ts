// Makes a schema refuse unknown keys at every depth. Schemas are written once, for validation and for
// the document; that nobody may send what we do not know is decided here and not in each of them.

import { z, type ZodType } from 'zod';

interface Definition {
  type: string;
  [key: string]: unknown;
}

export function strictSchema(schema: ZodType): ZodType {
  const definition = schema._zod.def as unknown as Definition;
  const changed = strictDefinition(definition);
  return changed === null ? schema : schema.clone(changed as never);
}

function strictDefinition(definition: Definition): Definition | null {
  const inner = (key: string): ZodType => strictSchema(definition[key] as ZodType);
  switch (definition.type) {
    case 'object':
      return {
        ...definition,
        shape: mapValues(definition['shape'] as Record<string, ZodType>),
        catchall: definition['catchall'] ?? z.never(),
      };
    case 'array':
      return { ...definition, element: inner('element') };
    case 'record':
      return { ...definition, valueType: inner('valueType') };
    case 'union':
      return { ...definition, options: (definition['options'] as ZodType[]).map(strictSchema) };
    case 'tuple':
      return { ...definition, items: (definition['items'] as ZodType[]).map(strictSchema) };
    case 'pipe':
      return { ...definition, in: inner('in'), out: inner('out') };
    case 'lazy':
      return {
        ...definition,
        getter: () => strictSchema((definition['getter'] as () => ZodType)()),
      };
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return { ...definition, innerType: inner('innerType') };
    case 'intersection':
      throw new Error('A request schema may not be an intersection; use .extend() instead.');
    default:
      return null;
  }
}

function mapValues(shape: Record<string, ZodType>): Record<string, ZodType> {
  return Object.fromEntries(
    Object.entries(shape).map(([key, value]) => [key, strictSchema(value)]),
  );
}
