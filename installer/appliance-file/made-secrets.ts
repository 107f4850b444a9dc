// Secrets that `apply` makes when they are not there: those that only the appliance and the simulated
// providers of the evaluation profile share. Real providers hand theirs out; none of those is ever made.

/** File below `home/secrets`, and what the secret starts with. */
export const MADE_SECRETS: Readonly<Record<string, string>> = {
  'stripe-secret-key': 'sk_test_',
  'stripe-webhook-secret': 'whsec_',
  'veriff-api-key': '',
  'veriff-shared-secret': '',
};
