// Shapes of the biometrics routes and of a row of the bulk import; types are inferred from them. Vectors
// are marked secret: never echoed, logged or kept.

import { z } from 'zod';
import { DisplayName, ExternalRef, NewConsentSchema } from '../people/index.ts';
import { MODALITIES, TEMPLATES_PER_PERSON_MAX } from './template.ts';

const at = z.iso.datetime();
/** 4096 float32 values in base64: more than any extractor may have. */
const VECTOR_TEXT_MAX = 22_000;

const Capture = z.object({
  modality: z.enum(MODALITIES),
  extractor: z
    .string()
    .max(70)
    .meta({ description: 'What made the vector: `name/version`. See docs/extractors.md.' }),
  vector: z.string().min(4).max(VECTOR_TEXT_MAX).meta({
    secret: true,
    description: 'Base64 of little-endian float32 values, as many as the extractor has dimensions.',
  }),
  quality: z.int().min(0).max(100),
});

export const NewTemplate = Capture.meta({ id: 'NewTemplate' });

export const Template = z
  .object({
    id: z.string(),
    person_id: z.string(),
    consent_id: z.string(),
    modality: z.enum(MODALITIES),
    extractor: z.string(),
    dimensions: z.int(),
    status: z.enum(['active', 'erased']),
    source: z.enum(['api', 'device', 'import']),
    device_id: z.string().nullable(),
    quality: z.int(),
    created_at: at,
    erased_at: at.nullable(),
    version: z.int(),
  })
  .meta({
    id: 'Template',
    description: 'About a template. The template itself is never answered.',
  });

export const TemplateParams = z.object({ template_id: z.string().max(40) });
export const PersonParams = z.object({ person_id: z.string().max(40) });

export const IdentificationRequest = Capture.extend({
  node_id: z
    .string()
    .max(40)
    .optional()
    .meta({ description: 'Where the probe was taken; the node of the key unless told.' }),
}).meta({ id: 'IdentificationRequest' });

export const Identification = z
  .object({
    id: z.string(),
    outcome: z.enum(['match', 'no_match', 'ambiguous', 'poor_quality', 'unknown_extractor']),
    person_id: z.string().nullable(),
    score: z.number().nullable(),
    margin: z
      .number()
      .nullable()
      .meta({ description: 'Distance to the second best person; null when there is none.' }),
    threshold: z.number(),
    gallery_size: z.int(),
    modality: z.enum(MODALITIES),
    extractor: z.string(),
    evidence_class: z.enum(['appliance_1n']),
    device_id: z.string().nullable(),
    node_id: z.string(),
    created_at: at,
  })
  .meta({ id: 'Identification' });

export const IdentificationFilter = z.object({ person_id: z.string().max(40).optional() });

export const Gallery = z
  .object({
    id: z.string().meta({ description: '`modality/extractor`' }),
    modality: z.enum(MODALITIES),
    extractor: z.string(),
    size: z.int().meta({ description: 'Templates that can be found now.' }),
    searches: z.int(),
    calibration_source: z.enum(['synthetic', 'measured']).nullable(),
    kernel: z.enum(['usearch', 'loop']),
    lag_ms: z
      .int()
      .nullable()
      .meta({ description: 'What was committed longer ago is in it; null until it is loaded.' }),
    staleness_max_ms: z.int().meta({ description: 'Beyond this lag nobody is identified.' }),
  })
  .meta({ id: 'Gallery', description: 'On the replica that answers.' });

export const ImportRow = z.object({
  external_ref: ExternalRef,
  display_name: DisplayName,
  node_id: z.string().max(40).optional(),
  consent: NewConsentSchema,
  templates: z.array(Capture).max(TEMPLATES_PER_PERSON_MAX).default([]),
});
export type ImportRow = z.infer<typeof ImportRow>;

export const ImportReport = z
  .object({
    imported: z.int(),
    unchanged: z
      .int()
      .meta({ description: 'Rows whose person is here already, with the same name.' }),
    failed: z.int(),
    errors: z
      .array(
        z.object({
          line: z.int().meta({ description: 'Counted from 1, empty lines left out.' }),
          pointer: z.string(),
          code: z.string(),
          detail: z.string(),
        }),
      )
      .meta({ description: 'Of the first failed rows; `failed` counts all.' }),
    errors_truncated: z.boolean(),
  })
  .meta({ id: 'ImportReport' });
