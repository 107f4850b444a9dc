// Which layers of an image its base does not have, and what each weighs compressed, as a registry would carry
// it (gzip, the level registries' clients use). Works on what `docker save` and `podman save` both write.

import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';

export interface Layer {
  /** Compressed. */
  bytes: number;
  /** The step of the Dockerfile. */
  madeBy: string;
}

interface ImageConfig {
  rootfs: { diff_ids: string[] };
  history: { created_by?: string; empty_layer?: boolean }[];
}

export interface OwnLayersOf {
  image: string;
  base: string;
  engine: string;
}

export async function ownLayers({ image, base, engine }: OwnLayersOf): Promise<Layer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'image-layers-'));
  try {
    const theirs = JSON.parse(
      execFileSync(
        engine,
        ['inspect', '--type', 'image', '--format', '{{json .RootFS.Layers}}', base],
        {
          encoding: 'utf8',
        },
      ),
    ) as string[];
    const archive = join(folder, 'image.tar');
    execFileSync(engine, ['save', '--output', archive, image], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    execFileSync('tar', ['-xf', archive, '-C', folder]);
    const [saved] = readJson<[{ Config: string; Layers: string[] }]>(join(folder, 'manifest.json'));
    const config = readJson<ImageConfig>(join(folder, saved.Config));
    if (theirs.some((layer, index) => config.rootfs.diff_ids[index] !== layer)) {
      throw new Error(`expected ${image} to stand on ${base}, found other layers below.`);
    }
    const steps = config.history.filter(({ empty_layer: empty }) => empty !== true);
    return await Promise.all(
      saved.Layers.map((file, index) => ({ file: join(folder, file), step: steps[index] }))
        .slice(theirs.length)
        .map(async ({ file, step }) => ({
          bytes: await compressedBytes(file),
          madeBy: step?.created_by ?? 'unknown',
        })),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compressedBytes(file: string): Promise<number> {
  let bytes = 0;
  for await (const chunk of createReadStream(file).pipe(createGzip({ level: 6 }))) {
    bytes += (chunk as Buffer).length;
  }
  return bytes;
}

function readJson<Shape>(file: string): Shape {
  return JSON.parse(readFileSync(file, 'utf8')) as Shape;
}
