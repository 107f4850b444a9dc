// The document and the page that reads it, served by the appliance itself: no outside request, no inline
// script, and a content security policy that would stop both. Also one page per error code.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ERRORS, type ErrorCode } from '../../shared/errors.ts';
import type { OpenApiDocument } from './openapi.ts';
import { jsonAnswer, type Page, type PageAnswer } from './pages.ts';
import { STATUS_OF_KIND } from './problem.ts';

/** Swagger UI sets style attributes; scripts, frames and requests are ours alone. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const START = `window.addEventListener('load', () => {
  SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });
});
`;

export function docsPages(document: OpenApiDocument): readonly Page[] {
  const text = JSON.stringify(document);
  return [
    page('/openapi.json', async () => ({ ...jsonAnswer(200, null), body: text })),
    page('/docs', async () => html(200, 'Sallyport API', DOCS_BODY, DOCS_HEAD)),
    page('/docs/start.js', async () => scripted(START)),
    page('/docs/assets/:file', asset),
    page('/docs/errors/:code', async (code) => errorPage(code)),
  ];
}

function page(path: string, answer: Page['answer']): Page {
  return { path, logged: true, answer };
}

const DOCS_HEAD = `<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<script src="/docs/assets/swagger-ui-bundle.js" defer></script>
<script src="/docs/start.js" defer></script>`;

const DOCS_BODY = '<div id="docs"></div>';

function html(status: number, title: string, body: string, head = ''): PageAnswer {
  return {
    status,
    type: 'text/html; charset=utf-8',
    headers: { 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'no-referrer' },
    body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
${head}
</head><body>
${body}
</body></html>
`,
  };
}

function scripted(body: string): PageAnswer {
  return { status: 200, type: 'text/javascript; charset=utf-8', body };
}

/** Only the files on the list: the name from the URL never becomes a path by itself. */
async function asset(name: string): Promise<PageAnswer | null> {
  const type = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
  if (type === undefined) return null;
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const body = await readFile(join(folder, name));
  return { status: 200, type, body, headers: { 'Cache-Control': 'public, max-age=3600' } };
}

function errorPage(code: string): PageAnswer | null {
  if (!Object.hasOwn(ERRORS, code)) return null;
  const { kind, title } = ERRORS[code as ErrorCode];
  return html(
    200,
    code,
    `<h1><code>${code}</code></h1>
<p>${title}. Answered with the status ${STATUS_OF_KIND[kind]}.</p>
<p>${ADVICE[kind]}</p>
<p>The problem's <code>detail</code> says what was expected and what was found, <code>errors</code>
names each field, and <code>request_id</code> finds the request in the log of this appliance.</p>
<p><a href="/docs">All operations</a></p>`,
  );
}

const ADVICE: Readonly<Record<(typeof ERRORS)[ErrorCode]['kind'], string>> = {
  invalid: 'Change the request: it cannot be read as it stands. Repeating it changes nothing.',
  unprocessable: 'Change the fields named in <code>errors</code> and send it again.',
  unauthenticated: 'Send a valid credential; this one is missing, mistyped, expired or revoked.',
  forbidden: 'Use a credential that has the action, or ask an administrator to make one.',
  not_found: 'Check the id. A resource that this credential cannot reach looks like a missing one.',
  method: 'The header <code>Allow</code> lists the methods of this path.',
  conflict: 'Read the resource, look at its state, and decide again.',
  precondition_failed: 'Read the resource again and make your change for its new version.',
  precondition_required: 'Read the resource and send its ETag in <code>If-Match</code>.',
  too_large: 'Send less at once; the limit is in the detail.',
  header_too_large: 'Send fewer or shorter headers.',
  unsupported: 'Send the content type named in the detail.',
  limited: 'Wait for the time in <code>Retry-After</code>, or change what ran into the limit.',
  unavailable: 'Repeat the request after <code>Retry-After</code>, with the same Idempotency-Key.',
  internal:
    'Repeat it with the same Idempotency-Key; report the <code>request_id</code> if it stays.',
};
