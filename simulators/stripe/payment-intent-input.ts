// Reading what a payment intent is created or confirmed with; refuses before anything is done.

import { badParam } from './errors.ts';
import { mergeMetadata, type Parameters, readMethodTypes } from './parameters.ts';
import type { PaymentIntentRow } from './payment-intents.ts';

export type ConfirmInput = { paymentMethod: string | undefined; isOffSession: boolean };
export type IntentInput = {
  amountMinor: number;
  currency: string;
  captureMethod: PaymentIntentRow['capture_method'];
  customer: string | null;
  paymentMethod: string | undefined;
  confirm: ConfirmInput | null;
  metadata: Record<string, string>;
  /** Texts that are only shown again. */
  details: Record<string, string>;
};

const AMOUNT_MAX_MINOR = 99_999_999;
const CURRENCIES = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()));
// Stripe's published minimum charges; other currencies have none of their own.
const AMOUNT_MIN_MINOR: Record<string, number> = {
  usd: 50,
  aed: 200,
  aud: 50,
  bgn: 100,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17_500,
  inr: 50,
  jpy: 50,
  mxn: 1000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1000,
};
const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const;
const SHOWN_AGAIN = [
  'description',
  'receipt_email',
  'setup_future_usage',
  'statement_descriptor',
  'statement_descriptor_suffix',
  'transfer_group',
] as const;

export function readIntent(p: Parameters): IntentInput {
  const amountMinor = p.requiredInteger('amount', 1);
  const currency = readCurrency(p);
  checkAmount(amountMinor, currency);
  const details: Record<string, string> = {};
  for (const name of SHOWN_AGAIN) {
    const value = p.text(name);
    if (value !== undefined) details[name] = value;
  }
  readMethodTypes(p);
  const isConfirmed = p.boolean('confirm') ?? false;
  const hasOffSession = p.text('off_session') !== undefined;
  const confirm = readConfirm(p);
  if (hasOffSession && !isConfirmed) {
    throw badParam('off_session', '`off_session` can only be provided when `confirm` is `true`.');
  }
  p.ignore('automatic_payment_methods', 'payment_method_options', 'confirmation_method');
  return {
    amountMinor,
    currency,
    captureMethod: p.choice('capture_method', CAPTURE_METHODS) ?? 'automatic_async',
    customer: p.text('customer') ?? null,
    paymentMethod: confirm.paymentMethod,
    confirm: isConfirmed ? confirm : null,
    metadata: mergeMetadata({}, p.metadata()),
    details,
  };
}

export function readConfirm(p: Parameters): ConfirmInput {
  const offSession = p.text('off_session');
  const known = [undefined, 'true', 'false', 'one_off', 'recurring'];
  if (!known.includes(offSession)) throw badParam('off_session', `Invalid boolean: ${offSession}`);
  p.ignore('return_url', 'error_on_requires_action', 'use_stripe_sdk', 'mandate', 'mandate_data');
  return {
    paymentMethod: p.text('payment_method'),
    isOffSession: offSession !== undefined && offSession !== 'false',
  };
}

function readCurrency(p: Parameters): string {
  const currency = p.required('currency').toLowerCase();
  if (CURRENCIES.has(currency)) return currency;
  throw badParam(
    'currency',
    `Invalid currency: ${currency}. Expected a three-letter ISO code in lower case.`,
  );
}

function checkAmount(amountMinor: number, currency: string): void {
  if (amountMinor > AMOUNT_MAX_MINOR) {
    const message = `Amount must be no more than ${AMOUNT_MAX_MINOR} in the smallest unit of ${currency}, found ${amountMinor}`;
    throw badParam('amount', message, 'amount_too_large');
  }
  const least = AMOUNT_MIN_MINOR[currency] ?? 1;
  if (amountMinor < least) {
    const message = `Amount must be at least ${least} in the smallest unit of ${currency}, found ${amountMinor}`;
    throw badParam('amount', message, 'amount_too_small');
  }
}
