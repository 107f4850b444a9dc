// The peer of the gateway: bare `ws` over TLS, JSON.parse, and the rows of the same batch by better-sqlite3 in
// one transaction, acknowledged after its commit. It checks nothing and knows one epoch.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { openSqlite } from './open-database.ts';

interface Configuration {
  address: { file: string };
  orgId: string;
  /** Certificate and key of our gateway. */
  pemFile: string;
}

interface Batch {
  ep: string;
  s: number;
  e: readonly { id: string; ty: string; ts: number; up: number; cq: string; p: unknown }[];
}

const config = JSON.parse(process.argv[2] ?? '{}') as Configuration;
const db = openSqlite(config.address.file);
const insert = db.prepare(
  `insert into device_event (org_id, device_id, epoch, seq, id, type, occurred_at, received_at,
     clock_quality, status, body) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const mark = db.prepare('update device set event_acked = ? where org_id = ? and id = ?');
const begin = db.prepare('begin immediate');
const commit = db.prepare('commit');

function store(device: string, { ep, s, e }: Batch): number {
  const now = Date.now();
  const { orgId } = config;
  begin.run();
  for (const [index, { id, ty, ts, up, cq, p }] of e.entries()) {
    const body = JSON.stringify({ up, p });
    insert.run(orgId, device, ep, s + index, id, ty, ts, now, cq, 'accepted', body);
  }
  const last = s + e.length - 1;
  mark.run(last, orgId, device);
  commit.run();
  return last;
}

function serve(socket: WebSocket, device: string): void {
  socket.send(JSON.stringify({ t: 'challenge', nonce: '' }));
  socket.on('message', (data) => {
    const frame = JSON.parse((data as Buffer).toString('utf8')) as Batch;
    const last = store(device, frame);
    socket.send(JSON.stringify({ t: 'ack', ep: frame.ep, s: last, w: 256 }));
  });
}

const pem = readFileSync(config.pemFile, 'utf8');
const server = createServer({ cert: pem, key: pem, minVersion: 'TLSv1.3' });
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket, request) =>
  serve(socket, new URL(request.url ?? '/', 'wss://peer').searchParams.get('device') ?? ''),
);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ ready: true, gateway: `wss://127.0.0.1:${port}/` }));
});
process.on('SIGTERM', () => process.exit(0));
