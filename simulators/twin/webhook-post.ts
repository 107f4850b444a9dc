// One POST of one webhook. Resolves with the status the receiver gave; rejects on anything else.

import http from 'node:http';
import https from 'node:https';

type Post = { url: string; body: string; headers: Record<string, string>; signal: AbortSignal };

// Providers give a receiver about this long before they count the attempt as failed.
const ANSWER_MAX_MS = 10_000;

export function postWebhook({ url, body, headers, signal }: Post): Promise<number> {
  const target = new URL(url);
  const client = target.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.request(target, {
      method: 'POST',
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MAX_MS)]),
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    });
    request.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
