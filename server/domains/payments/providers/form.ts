// Form encoding with nested brackets, as Stripe reads it: `metadata[payment_id]=…`, `types[0]=card`.

export type FormValue =
  | string
  | number
  | boolean
  | readonly FormValue[]
  | { readonly [name: string]: FormValue | undefined };

export function encodeForm(fields: { readonly [name: string]: FormValue | undefined }): string {
  return pairsOf(fields, null)
    .map(([name, value]) => `${encodeName(name)}=${encodeURIComponent(value)}`)
    .join('&');
}

function pairsOf(value: FormValue, name: string | null): [string, string][] {
  if (typeof value !== 'object') return [[name ?? '', String(value)]];
  const entries = Array.isArray(value)
    ? value.map((item, at) => [String(at), item] as const)
    : Object.entries(value as Record<string, FormValue | undefined>);
  return entries.flatMap(([key, item]) =>
    item === undefined ? [] : pairsOf(item, name === null ? key : `${name}[${key}]`),
  );
}

/** Brackets stay readable, as they do in Stripe's own clients. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll('%5B', '[').replaceAll('%5D', ']');
}
