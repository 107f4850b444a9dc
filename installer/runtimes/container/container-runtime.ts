// stub
import type { ApplianceFile } from '../../appliance-file/read.ts';
import type { Host } from '../../host/host.ts';
import type { Runtime, RuntimeOptions } from '../runtime.ts';
export async function containerRuntime(_h: Host, _a: ApplianceFile, _o: RuntimeOptions): Promise<Runtime> { throw new Error('not yet'); }
