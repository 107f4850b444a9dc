// The HTML of the hosted pages. Everything a person typed is escaped; a card number is never shown again.

import { escapeHtml, htmlPage } from '../twin/html.ts';

export function cardPage({
  action,
  error,
  name,
}: {
  action: string;
  error?: string;
  name?: string;
}): string {
  const alert = error === undefined ? '' : `<p class="error" role="alert">${escapeHtml(error)}</p>`;
  return htmlPage(
    'Save your card',
    `${alert}
  <form method="post" action="${escapeHtml(action)}">
    <label for="card_number">Card number</label>
    <input id="card_number" name="card_number" inputmode="numeric" autocomplete="cc-number" required>
    <div class="row">
      <div>
        <label for="expiry">Expiry (MM/YY)</label>
        <input id="expiry" name="expiry" inputmode="numeric" autocomplete="cc-exp" required>
      </div>
      <div>
        <label for="cvc">Security code</label>
        <input id="cvc" name="cvc" inputmode="numeric" autocomplete="cc-csc" required>
      </div>
    </div>
    <label for="name">Name on card</label>
    <input id="name" name="name" autocomplete="cc-name" value="${escapeHtml(name ?? '')}" required>
    <p class="small">By saving this card you allow the merchant to charge it for your later purchases, also
      when you are not present, under the terms agreed with them. You can withdraw this at any time.</p>
    <button type="submit">Save card</button>
  </form>
  <p class="small">Test page of a payment provider twin: no real card is charged.</p>`,
  );
}

export function authenticatePage(action: string): string {
  return htmlPage(
    'Confirm it is you',
    `<form method="post" action="${escapeHtml(action)}">
    <button name="verdict" value="complete">Complete authentication</button>
    <button name="verdict" value="fail">Fail authentication</button>
  </form>`,
  );
}

export function closedPage(message: string): string {
  return htmlPage('Card payment', `<p>${escapeHtml(message)}</p>`);
}
