// Secrets of the evaluation appliance: drawn once, kept in one file that only its owner may read. They
// are shared between the server and the provider twins, as they would be with the real providers.

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export interface EvaluationSecrets {
  stripeSecretKey: string;
  stripeWebhookSecret: string;
  veriffApiKey: string;
  veriffSharedSecret: string;
}

export function loadEvaluationSecrets(file: string): EvaluationSecrets {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as EvaluationSecrets;
  const draw = (): string => randomBytes(24).toString('hex');
  const secrets: EvaluationSecrets = {
    stripeSecretKey: `sk_test_${draw()}`,
    stripeWebhookSecret: `whsec_${draw()}`,
    veriffApiKey: draw(),
    veriffSharedSecret: draw(),
  };
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}
