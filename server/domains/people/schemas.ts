// Shapes of requests and answers of the people routes; types are inferred from them.

import { z } from 'zod';
import { PURPOSES } from './person.ts';

const at = z.iso.datetime();

export const DisplayName = z.string().trim().min(1).max(200);
export const ExternalRef = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .meta({ description: 'What your own system calls this person. Unique in the organization.' });

export const Person = z
  .object({
    id: z.string(),
    node_id: z.string(),
    external_ref: z.string().nullable(),
    display_name: z.string().nullable().meta({ description: 'null once the person is erased.' }),
    status: z.enum(['active', 'erased']),
    created_at: at,
    version: z.int(),
  })
  .meta({ id: 'Person' });

export const NewPerson = z
  .object({
    display_name: DisplayName,
    external_ref: ExternalRef.optional(),
    node_id: z.string().max(40).optional().meta({
      description: 'Where the person stands in the tree; the node of the key unless told.',
    }),
  })
  .meta({ id: 'NewPerson' });

export const PersonChanges = z
  .object({
    display_name: DisplayName.optional(),
    external_ref: ExternalRef.nullable().optional(),
    node_id: z.string().max(40).optional(),
  })
  .refine((changes) => Object.keys(changes).length > 0, {
    message: 'at least one field to change',
  })
  .meta({ id: 'PersonChanges' });

export const PersonParams = z.object({ person_id: z.string().max(40) });

export const PersonFilter = z.object({
  node_id: z.string().max(40).optional(),
  external_ref: z.string().max(200).optional(),
});

export const Consent = z
  .object({
    id: z.string(),
    person_id: z.string(),
    purpose: z.enum(PURPOSES),
    text_version: z.string(),
    method: z.string(),
    given_at: at,
    withdrawn_at: at.nullable(),
    created_at: at,
    version: z.int(),
  })
  .meta({ id: 'Consent' });

export const NewConsent = z
  .object({
    purpose: z.enum(PURPOSES),
    text_version: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .meta({ description: 'Which wording was shown, e.g. `2026-11/en`.' }),
    method: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,63}$/)
      .meta({ description: 'How it was given, e.g. `signature`, `terminal`, `web`.' }),
    given_at: at,
  })
  .meta({ id: 'NewConsent' });

export const ConsentParams = z.object({
  person_id: z.string().max(40),
  consent_id: z.string().max(40),
});
