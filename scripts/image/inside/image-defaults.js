// The image's own settings (image.yaml) go below everything the customer writes: as the first configuration
// file, never as environment, which would be stronger than his files.

import { fileURLToPath } from 'node:url';

const IMAGE_CONFIG = fileURLToPath(new URL('./image.yaml', import.meta.url));

/** Configuration files in force: the image's own, then those of the arguments or else of SALLYPORT_CONFIG. */
export function configFiles(argv, env) {
  const asked = argv.flatMap((word, index) => (argv[index - 1] === '--config' ? [word] : []));
  const named = (env['SALLYPORT_CONFIG'] ?? '')
    .split(',')
    .map((file) => file.trim())
    .filter((file) => file !== '');
  return [IMAGE_CONFIG, ...(asked.length > 0 ? asked : named)];
}

/** The server's arguments with those files spelled out. */
export function withImageDefaults(argv, env) {
  const others = argv.filter((word, index) => {
    const next = argv[index + 1];
    const isPair = word === '--config' && next !== undefined;
    return !isPair && argv[index - 1] !== '--config';
  });
  return [...others, ...configFiles(argv, env).flatMap((file) => ['--config', file])];
}
