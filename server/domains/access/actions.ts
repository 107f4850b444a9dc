// The closed list of what may be permitted: `noun.verb`. A route names one; the app refuses to start
// with another. Published words: an action is never renamed, only added.

export const ACTIONS = [
  'organization.read',
  'node.create',
  'node.read',
  'api_key.create',
  'api_key.read',
  'api_key.revoke',
  'event.read',
  'person.create',
  'person.read',
  'person.update',
  'person.import',
  'person.erase',
  'consent.record',
  'consent.read',
  'consent.withdraw',
  'template.enrol',
  'template.read',
  'template.erase',
  'identification.read',
  'identification.request',
  'gallery.read',
  'kyc_session.create',
  'kyc_session.read',
  'kyc_session.revoke',
  'payment_method.create',
  'payment_method.read',
  'payment_method.revoke',
  'payment.decide',
  'payment.read',
  'payment.capture',
  'payment.void',
  'payment.refund',
  'payment.resolve',
  'receivable.read',
  'receivable.settle',
  'ledger.read',
  'device.create',
  'device.read',
  'device.update',
  'device.claim',
  'device.suspend',
  'device.revoke',
  'device.command',
  'device_event.read',
  'device.connect',
  'provider_account.create',
  'provider_account.read',
  'outbox.read',
  'outbox.replay',
  'inbox.read',
  'inbox.replay',
] as const;

export type Action = (typeof ACTIONS)[number];

/** What a device may do by being itself, on its own node. */
export const DEVICE_SELF: readonly Action[] = [
  'device.connect',
  'payment.decide',
  'identification.request',
];

const KNOWN: ReadonlySet<string> = new Set(ACTIONS);

export function isAction(text: string): text is Action {
  return KNOWN.has(text);
}
