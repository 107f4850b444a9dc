// Stripe's decline codes by what may be done about them. A code that is not here is `unknown`, which is
// treated as final.

import type { DeclineClass } from '../operation.ts';

const CODES: Readonly<Record<Exclude<DeclineClass, 'unknown'>, string>> = {
  /** The same card may do later. */
  soft: `approve_with_id call_issuer card_velocity_exceeded do_not_honor generic_decline
    insufficient_funds issuer_not_available no_action_taken processing_error reenter_transaction
    try_again_later withdrawal_count_limit_exceeded duplicate_transaction`,
  /** This card will not do again. */
  hard: `card_not_supported currency_not_supported expired_card incorrect_number invalid_account
    invalid_amount invalid_expiry_month invalid_expiry_year invalid_number
    new_account_information_available not_permitted restricted_card revocation_of_all_authorizations
    revocation_of_authorization security_violation service_not_allowed stop_payment_order
    testmode_decline transaction_not_allowed card_declined canceled already_captured`,
  fraud: `fraudulent lost_card merchant_blacklist pickup_card stolen_card`,
  /** Its holder must do something. */
  customer: `authentication_required incorrect_cvc incorrect_pin incorrect_zip invalid_cvc invalid_pin
    offline_pin_required online_or_offline_pin_required pin_try_exceeded
    payment_intent_authentication_failure`,
};

const CLASS_OF = new Map(
  Object.entries(CODES).flatMap(([name, codes]) =>
    codes.split(/\s+/).map((code) => [code, name as DeclineClass] as const),
  ),
);

export function declineClass(code: string): DeclineClass {
  return CLASS_OF.get(code) ?? 'unknown';
}
