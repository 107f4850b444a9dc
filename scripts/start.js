// `npm start`: the evaluation appliance on one machine. JavaScript, so that a Node that is too old to read
// TypeScript can at least say so; the rest is loaded only afterwards.

import { requireNode } from '../config/node-version.js';

requireNode();
const { startEvaluation } = await import('./evaluation/start-evaluation.ts');
await startEvaluation(process.argv.slice(2));
