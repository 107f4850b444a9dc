// The appliance's process: checks Node, then picks the role and starts it. Roles: all, api, gateway,
// worker, migrate, check.

import { requireNode } from '../config/require-node.ts';

requireNode();
const { runRole } = await import('./run-role.ts');
process.exitCode = await runRole(process.argv.slice(2));
