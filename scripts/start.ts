// `npm start`: the evaluation appliance on one machine. scripts/check-node.js has run before it.

import { startEvaluation } from './evaluation/start-evaluation.ts';

await startEvaluation(process.argv.slice(2));
