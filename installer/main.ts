#!/usr/bin/env node
// The `sallyport` command. Checks Node first; the rest is loaded only afterwards.

import { requireNode } from '../config/require-node.ts';

requireNode();
const { runProgram } = await import('./program.ts');
await runProgram(process.argv);
