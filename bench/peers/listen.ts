// How a peer over HTTP serves: a free port of loopback, one ready line, and an end on SIGTERM.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Koa from 'koa';

export function listen(app: Koa): void {
  const callback = app.callback();
  const server = createServer((request, response) => void callback(request, response));
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    console.log(JSON.stringify({ ready: true, api: `http://127.0.0.1:${port}` }));
  });
  process.on('SIGTERM', () => process.exit(0));
}
