import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ERRORS } from '../../../server/shared/errors.ts';
import { useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';

const database = useTestDatabase();
let http: TestHttp;
beforeAll(async () => {
  http = await startTestHttp(database.deps());
});
afterAll(() => http.close());

describe('/docs', () => {
  test('is a page without inline script, under a policy that allows only itself', async () => {
    const page = await http.request('GET', '/docs');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
    expect(page.text).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(page.text).not.toMatch(/https?:\/\//);
  });

  test('everything the page names is served, with its type', async () => {
    const page = await http.request('GET', '/docs');
    const names = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(names.length).toBeGreaterThan(3);
    for (const name of names) {
      const file = await http.request('GET', name);
      expect([name, file.status]).toEqual([name, 200]);
    }
    const start = await http.request('GET', '/docs/start.js');
    expect(start.text).toContain('validatorUrl: null');
  });

  test('serves no other file of the package, whatever the name', async () => {
    for (const name of ['index.html', 'package.json', '..%2Fpackage.json', '%2e%2e', 'toString']) {
      expect((await http.request('GET', `/docs/assets/${name}`)).status).toBe(404);
    }
  });
});

test('/openapi.json is the document of the running table', async () => {
  const document = (await http.request('GET', '/openapi.json')).json();
  expect(document).toEqual(JSON.parse(JSON.stringify(http.app.document)));
  expect(document.paths['/v1/whoami'].get.operationId).toBe('getWhoAmI');
});

test('every code has its page, and another name has none', async () => {
  for (const code of Object.keys(ERRORS)) {
    const page = await http.request('GET', `/docs/errors/${code}`);
    expect([code, page.status]).toEqual([code, 200]);
    expect(page.text).toContain(`<code>${code}</code>`);
  }
  expect((await http.request('GET', '/docs/errors/no_such_code')).status).toBe(404);
});
