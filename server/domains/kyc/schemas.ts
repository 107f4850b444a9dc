// Shapes of requests and answers of the KYC routes.

import { z } from 'zod';
import { KYC_STATUSES } from './kyc-session.ts';

export const KycSession = z
  .object({
    id: z.string(),
    person_id: z.string(),
    provider: z.string(),
    level: z.string(),
    status: z.enum(KYC_STATUSES),
    transport: z.enum(['ok', 'unavailable', 'unknown']).meta({
      description: 'Whether the provider could be reached. Never a decision.',
    }),
    url: z.string().nullable().meta({ description: 'The provider’s page, once it is made.' }),
    submitted_at: z.string().nullable().meta({
      description: 'When the person handed everything in.',
    }),
    decided_at: z.string().nullable(),
    valid_until: z.string().nullable(),
    reason: z.string().nullable().meta({
      description: 'Why it is as it is, in the words of the provider or of who revoked it.',
    }),
    created_at: z.string(),
    version: z.int(),
  })
  .meta({ id: 'KycSession' });

export const NewKycSession = z
  .object({
    level: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,63}$/)
      .optional()
      .meta({ description: 'What is to be proved; an approval counts for its level only.' }),
  })
  .meta({ id: 'NewKycSession' });

export const Revocation = z
  .object({ reason: z.string().trim().min(1).max(500) })
  .meta({ id: 'KycRevocation' });

export const PersonParams = z.object({ person_id: z.string().max(40) });
export const SessionParams = z.object({ kyc_session_id: z.string().max(40) });
