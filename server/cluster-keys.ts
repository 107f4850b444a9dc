// What the pods of a cluster do with keys, as a program of its own:
//   make   creates the Secret of keys once (a job of the chart)
//   place  copies it from its mount into memory, readable by the server alone (before each server)

import { requireNode } from '../config/require-node.ts';

requireNode();
const { runClusterKeys } = await import('./cluster-keys/run.ts');
const { realWorld } = await import('./real-world.ts');
process.exitCode = await runClusterKeys(process.argv.slice(2), realWorld());
