// Settings of the way to the outside that every provider shares.

import { optional, path, secret, url } from '../formats.ts';
import { setting } from '../setting.ts';

export const outsideSettings = {
  ca_file: setting({
    doc: 'Certificates in PEM of the authorities of your site, trusted for providers and the proxy beside those that Node knows. null: only those. `sallyport apply` copies the file; in Kubernetes the chart mounts caBundle instead.',
    format: optional(path),
    default: null,
  }),
  proxy_url: setting({
    doc: 'The proxy through which providers with an https:// address are reached (CONNECT). null: directly. If it ends TLS, name its authority in outside.ca_file.',
    format: optional(url),
    default: null,
  }),
  proxy_password: setting({
    doc: 'User and password for that proxy, as user:password.',
    format: optional(secret),
    default: null,
    sensitive: true,
  }),
};
