// The server with one bug built in on purpose, to show that `npm run chaos` finds it. Everything else is
// the product's own composition; the bugs stand in its seams and cannot be reached by any configuration.

import { requireNode } from '../../config/require-node.ts';
import { plantIn } from './plants.ts';

requireNode();
const { runRole } = await import('../../server/run-role.ts');
const { seamsOf } = await import('../../server/seams.ts');
const plant = plantIn(process.env['REHEARSAL_PLANT']);
process.exitCode = await runRole(process.argv.slice(2), (config) => plant(seamsOf(config)));
