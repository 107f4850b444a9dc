// HEALTHCHECK of the image: asks /livez where the configuration of PID 1 says it listens; `--url URL` says it
// outright. Ends with 0 or, with one line on standard error, 1. Every serving role
// answers; `migrate` and `check` are as alive as their process.

import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { useCompileCache } from './compile-cache.js';
import { configFiles } from './image-defaults.js';

const LIMIT_MS = 5_000;

try {
  const url = askedUrl() ?? (await configuredUrl());
  if (url !== null) await ask(`${url}/livez`);
} catch (error) {
  process.stderr.write(`unhealthy: ${error.message}\n`);
  process.exitCode = 1;
}

function askedUrl() {
  const at = process.argv.indexOf('--url');
  return at === -1 ? null : (process.argv[at + 1] ?? null);
}

async function configuredUrl() {
  useCompileCache();
  const { loadConfig } = await import(new URL('../../../config/load.ts', import.meta.url).href);
  // The words after serve.js are those of the server, whatever init stands before them.
  const words = readFileSync('/proc/1/cmdline', 'utf8').split('\0').slice(0, -1);
  const argv = words.slice(words.findIndex((word) => word.endsWith('/serve.js')) + 1);
  if (argv.includes('migrate') || argv.includes('check')) return null;
  const { host, port } = loadConfig({ files: configFiles(argv, process.env) }).http;
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? host;
  return `http://${reachable.includes(':') && !reachable.startsWith('[') ? `[${reachable}]` : reachable}:${port}`;
}

function ask(url) {
  return new Promise((resolve, reject) => {
    const request = get(url, { timeout: LIMIT_MS, agent: false }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`${url} answered ${response.statusCode}, expected 200`));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${LIMIT_MS} ms`)));
    request.on('error', (error) => reject(new Error(`${url}: ${error.message}`)));
  });
}
