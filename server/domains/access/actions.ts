// The closed list of what may be permitted: `noun.verb`. A route names one; the app refuses to start
// with another, and a test when nothing asks for one. Published words: an action is never renamed, only
// added, in the change that brings the route or frame which asks for it.

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
  'payment.decide',
  'payment.read',
  'payment.void',
  'payment.refund',
  'receivable.read',
  'receivable.settle',
  'device.create',
  'device.read',
  'device.claim',
  'device.suspend',
  'device.revoke',
  'device.command',
  'device_event.read',
  'provider_account.read',
  'outbox.read',
  'outbox.replay',
] as const;

export type Action = (typeof ACTIONS)[number];

/** What a device may do by being itself, on its own node. */
export const DEVICE_SELF: readonly Action[] = ['payment.decide', 'identification.request'];

const KNOWN: ReadonlySet<string> = new Set(ACTIONS);

export function isAction(text: string): text is Action {
  return KNOWN.has(text);
}
