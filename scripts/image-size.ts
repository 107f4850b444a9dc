// `npm run image:size -- IMAGE --base BASE`: the compressed size of the layers that are ours, not the base's.
// Ends with 1 when they are above the limit.

import { parseArgs } from 'node:util';
import { ownLayers } from './image/own-layers.ts';

const USAGE =
  'usage: npm run image:size -- IMAGE --base BASE [--engine podman|docker] [--limit-mb 60]';

process.exitCode = await measure(process.argv.slice(2));

async function measure(argv: string[]): Promise<number> {
  const asked = read(argv);
  if (asked === null) {
    console.error(USAGE);
    return 2;
  }
  const layers = await ownLayers(asked);
  for (const { bytes, madeBy } of layers) console.log(`${megabytes(bytes)} MB  ${madeBy}`);
  const sum = layers.reduce((total, layer) => total + layer.bytes, 0);
  const fits = sum <= asked.limitMb * 1e6;
  console.log(`${megabytes(sum)} MB of ${asked.limitMb} MB allowed: ${fits ? 'ok' : 'too much'}`);
  return fits ? 0 : 1;
}

function read(argv: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        base: { type: 'string' },
        engine: { type: 'string', default: 'podman' },
        'limit-mb': { type: 'string', default: '60' },
      },
    });
    const [image, ...more] = positionals;
    const limitMb = Number(values['limit-mb']);
    if (image === undefined || more.length > 0 || values.base === undefined) return null;
    if (!Number.isFinite(limitMb) || limitMb <= 0) return null;
    return { image, base: values.base, engine: values.engine, limitMb };
  } catch {
    // An unknown option: the usage says which there are.
    return null;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2).padStart(6);
}
