// `npm start`: the evaluation appliance on one machine. Checks Node first, then hands over; the rest is
// loaded only afterwards, because an older Node cannot even read it.

import { requireNode } from '../config/require-node.ts';

requireNode();
const { startEvaluation } = await import('./evaluation/start-evaluation.ts');
await startEvaluation(process.argv.slice(2));
