// The appliance's process: checks Node, then picks the role and starts it. Roles: all, api, gateway,
// worker, migrate, check.

import { requireNode } from '../config/require-node.ts';

requireNode();
const { runRole } = await import('./run-role.ts');
const exitCode = await runRole(process.argv.slice(2));
// What failed to start may have left a connection or a timer behind; nothing of it may live on.
if (exitCode !== 0) process.exit(exitCode);
