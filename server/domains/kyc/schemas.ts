// Shapes of requests and answers of the KYC routes; types are inferred from them.

import { z } from 'zod';
import { SESSION_STATUSES } from './kyc-session.ts';

const at = z.iso.datetime();
const id = z.string().max(40);

export const KycSession = z
  .object({
    id: z.string(),
    person_id: z.string(),
    level: z.string(),
    status: z.enum(SESSION_STATUSES),
    url: z
      .string()
      .nullable()
      .meta({ description: 'The vendor’s page, while the person can still use it.' }),
    decision: z
      .object({
        status: z.string(),
        code: z.int().nullable(),
        reason: z.string().nullable(),
        reason_code: z.int().nullable(),
        attempt_id: z.string().nullable(),
      })
      .nullable(),
    transport: z.enum(['ok', 'vendor_unavailable']).meta({
      description: 'Whether the vendor could last be reached. Never a decision.',
    }),
    reason: z.string().nullable(),
    submitted_at: at.nullable(),
    decided_at: at.nullable(),
    valid_until: at.nullable(),
    created_at: at,
    version: z.int(),
  })
  .meta({ id: 'KycSession' });

export const Revocation = z
  .object({ reason: z.string().trim().min(1).max(200) })
  .meta({ id: 'KycRevocation' });

export const PersonParams = z.object({ person_id: id });
export const SessionParams = z.object({ kyc_session_id: id });
