// Settings of the way to the outside that every provider shares.

import { optional, secret, url } from '../formats.ts';
import { setting } from '../setting.ts';

export const outsideSettings = {
  proxy_url: setting({
    doc: 'The proxy through which providers with an https:// address are reached (CONNECT). null: directly. Its authority, if it ends TLS, goes to NODE_EXTRA_CA_CERTS.',
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
