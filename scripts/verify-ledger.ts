// `npm run verify:ledger`: joins the appliance's database and the payment provider's own database row by
// row and says `ledger = provider ledger`, or lists every difference and exits with 1. Imports nothing
// of either side: it reads tables, not code, so that a mistake in one shows against the other.

import { verifyFromArguments } from './verify-ledger/verify.ts';

process.exitCode = await verifyFromArguments(process.argv.slice(2));
