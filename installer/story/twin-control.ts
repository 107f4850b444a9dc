// The control side of the provider twins: faults, the WAN, and their hosted pages as a person's browser
// would use them. The appliance never hears of any of this.

import type { TwinAddress } from './environment.ts';

export interface TwinControl {
  addFault(fault: Record<string, unknown>): Promise<void>;
  clearFaults(): Promise<void>;
  /** How often this rule has met what it was made for. */
  fired(faultId: string): Promise<number>;
  cutWan(): Promise<void>;
  restoreWan(): Promise<void>;
}

export function controlTwin(twin: TwinAddress): TwinControl {
  const tell = async (...[method, path, body]: Told): Promise<void> => {
    await send(twin, method, path, body);
  };
  return {
    addFault: (fault) => tell('POST', '/faults', fault),
    clearFaults: () => tell('DELETE', '/faults'),
    fired: async (faultId) => {
      const { faults } = (await send(twin, 'GET', '/faults')) as {
        faults: { id: string; fired: number }[];
      };
      const rule = faults.find(({ id }) => id === faultId);
      if (rule === undefined) throw new Error(`The twin has no fault rule ${faultId}.`);
      return rule.fired;
    },
    cutWan: () => tell('POST', '/wan', { state: 'cut', mode: 'both' }),
    restoreWan: () => tell('POST', '/wan', { state: 'up' }),
  };
}

type Told = [method: string, path: string, body?: Record<string, unknown>];

async function send(twin: TwinAddress, ...[method, path, body]: Told): Promise<unknown> {
  const response = await fetch(`${twin.control}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} of the twin → ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Opens a hosted page and posts its form, as a browser would: fields found in the page, plus ours. */
export async function submitHostedPage(
  url: string,
  fields: Readonly<Record<string, string>>,
): Promise<number> {
  const page = await fetch(url);
  const html = await page.text();
  if (!page.ok) throw new Error(`The hosted page answered ${page.status}: ${html.slice(0, 200)}`);
  const action = /<form[^>]*action="([^"]*)"/.exec(html)?.[1] ?? url;
  const hidden = [...html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([tag]) => [
    /name="([^"]*)"/.exec(tag)?.[1] ?? '',
    /value="([^"]*)"/.exec(tag)?.[1] ?? '',
  ]);
  const response = await fetch(new URL(action, url), {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams([...hidden, ...Object.entries(fields)] as [string, string][]),
  });
  await response.arrayBuffer();
  return response.status;
}
