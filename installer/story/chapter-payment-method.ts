// Chapter 4: the person saves a payment method on the provider's own page. No card number reaches us.

import type { Person, Stage } from './cast.ts';
import { waitFor } from './narrator.ts';
import { submitHostedPage } from './twin-control.ts';

interface PaymentMethod {
  id: string;
  status: string;
  url: string | null;
  brand: string | null;
  last_four: string | null;
}

export async function savePaymentMethod(
  { api, narrator, environment }: Stage,
  person: Person,
  cardNumber: string,
): Promise<void> {
  narrator.chapter(`A payment method for ${person.name}, saved on the provider's page`);
  const created = await narrator.step('A set-up session is asked for', () =>
    api.post<PaymentMethod>(`/v1/people/${person.id}/payment-methods`, {
      return_url: `${environment.api}/docs`,
    }),
  );
  const read = (): Promise<PaymentMethod> => api.get(`/v1/payment-methods/${created.id}`);
  const open = await narrator.step('The outbox creates customer and session at Stripe', () =>
    waitFor({ what: 'the hosted page', read, until: (method) => method.url !== null }),
  );
  await narrator.step('The person types the card into the provider’s page', () =>
    submitHostedPage(open.url ?? '', {
      card_number: cardNumber,
      expiry: '12/34',
      cvc: '123',
      name: person.name,
    }),
  );
  await narrator.step(
    'The provider’s event arrives, the session is fetched, the token is kept with its mandate',
    () => waitFor({ what: 'the saved card', read, until: (method) => method.status === 'active' }),
    (method) => `${method.brand} ending ${method.last_four}`,
  );
}
