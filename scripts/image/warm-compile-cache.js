// Run once while the image is built: starts the server on a scratch folder, asks it a little and stops it, and
// runs the other commands, so that Node's compile cache holds what a start needs. Fails if the server does not.
// Argument: the folder of the sources.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = process.argv[2];
const data = mkdtempSync(join(tmpdir(), 'warm-'));
const env = {
  ...process.env,
  NODE_COMPILE_CACHE: join(root, '.compile-cache'),
  SALLYPORT_PROFILE: 'single',
  SALLYPORT_DATA_DIR: data,
  SALLYPORT_HTTP_HOST: '127.0.0.1',
  SALLYPORT_HTTP_PORT: '0',
  SALLYPORT_GATEWAY_HOST: '127.0.0.1',
  SALLYPORT_GATEWAY_PORT: '0',
  SALLYPORT_BOOTSTRAP_ORGANIZATION: 'Warm',
};

await run(['installer/sallyport.js', '--help']);
await run(['server/main.ts', 'check']);
await run(['server/main.ts', 'all'], async (child, line) => {
  const api = JSON.parse(line).api;
  for (const path of ['/livez', '/readyz', '/version', '/docs', '/openapi.json', '/metrics']) {
    await (await fetch(api + path)).arrayBuffer();
  }
  child.kill('SIGTERM');
});
// One ready-made configuration reader, for the health check.
await run([
  '-e',
  `import(${JSON.stringify(join(root, 'config/load.ts'))}).then((m) => m.loadConfig())`,
]);
rmSync(data, { recursive: true });

function run(args, onReady) {
  return new Promise((resolve, reject) => {
    const [first, ...rest] = args;
    const words = first === '-e' ? args : [join(root, first), ...rest];
    const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.setEncoding('utf8');
    let text = '';
    let told = false;
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const line = told
        ? undefined
        : text.split('\n').find((each) => each.includes('"ready":true'));
      if (line === undefined || onReady === undefined) return;
      told = true;
      onReady(child, line).catch(reject);
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0 && (told || onReady === undefined)) resolve();
      else reject(new Error(`node ${args.join(' ')} ended with ${code}: ${text.slice(-2_000)}`));
    });
  });
}
