// Claiming (docs/device-protocol.md §4): once in a terminal's life, with the text of a claim's QR code. A
// claim whose answer was lost is repeated with the same key.

import { randomUUID, X509Certificate } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import {
  claimKey,
  claimMac,
  type Claimed,
  type DeviceKey,
  inputToSign,
  isClaimedProven,
  makeKey,
  publicBytes,
  readTicket,
  signWith,
} from './proofs.ts';
import type { Membership, Store } from './store.ts';
import { bindingOf, dial, fetchAnchor, pinOf } from './trust.ts';

type Frame = Record<string, unknown>;

/** Dials with the pin of the claim's text, proves the code, and keeps who it became. */
export async function claimPlace(store: Store, text: string): Promise<Membership> {
  const ticket = readTicket(text);
  const { host, port } = ticket;
  const anchor = await fetchAnchor(ticket, ticket.pin);
  // Kept before it is sent: if the answer is lost, the claim is repeated with the same key.
  const key = store.key() ?? makeKey('Ed25519');
  store.keepKey(key);
  const socket = dial(ticket, anchor);
  try {
    const challenge = await nextFrame(socket, 'challenge');
    const binding = bindingOf(socket, String(challenge['nonce']));
    const secret = claimKey(ticket);
    const frame = claimFrame(key, ticket.lookup);
    const input = inputToSign('dgw-claim-1', binding, frame);
    const answer = nextFrame(socket, 'claimed');
    socket.send(
      JSON.stringify({ ...frame, mac: claimMac(secret, input), sig: signWith(key, input) }),
    );
    const claimed = (await answer) as unknown as Claimed;
    if (!isClaimedProven(secret, binding, claimed)) throw new Error('it does not know the code');
    if (pinOf(new X509Certificate(claimed.ca)) !== ticket.pin)
      throw new Error('it names another anchor than the pin');
    const membership = { host, port, device: claimed.device, ca: claimed.ca };
    store.join(membership);
    return membership;
  } finally {
    socket.terminate();
  }
}

function claimFrame(key: DeviceKey, lookup: string): object {
  return {
    t: 'claim',
    lookup,
    alg: key.algorithm,
    key: publicBytes(key).toString('base64url'),
    model: 'Simulated terminal',
    serial: randomUUID().slice(0, 8),
    fw: 'simulated/1',
  };
}

function nextFrame(socket: WebSocket, type: string): Promise<Frame> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', (code, reason) =>
      reject(new Error(`closed with ${code} ${reason.toString()} before ${type}`)),
    );
    socket.on('message', (data: RawData) => {
      const frame = JSON.parse((data as Buffer).toString('utf8')) as Frame;
      if (frame['t'] === type) resolve(frame);
    });
  });
}
