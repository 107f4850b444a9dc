// The HTML of the hosted pages. Everything a person typed is escaped; a card number is never shown again.

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; background: #f6f8fa; color: #1a1f36; margin: 0; }
  main { max-width: 26rem; margin: 4rem auto; padding: 2rem; background: #fff; border-radius: 12px;
    box-shadow: 0 2px 12px rgb(0 0 0 / 8%); }
  h1 { font-size: 1.25rem; margin: 0 0 1rem; }
  label { display: block; margin: 0.75rem 0 0.25rem; font-size: 0.875rem; }
  input { width: 100%; box-sizing: border-box; padding: 0.6rem; font: inherit; border: 1px solid #c9d1d9; border-radius: 6px; }
  button { width: 100%; margin-top: 1.25rem; padding: 0.7rem; font: inherit; color: #fff; background: #0b57d0;
    border: 0; border-radius: 6px; cursor: pointer; }
  .row { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
  .error { padding: 0.6rem; color: #8a1c1c; background: #fdecec; border-radius: 6px; }
  .small { font-size: 0.8rem; color: #57606a; }
`;

export function cardPage({
  action,
  error,
  name,
}: {
  action: string;
  error?: string;
  name?: string;
}): string {
  const alert = error === undefined ? '' : `<p class="error" role="alert">${escape(error)}</p>`;
  return page(
    'Save your card',
    `${alert}
  <form method="post" action="${escape(action)}">
    <label for="card_number">Card number</label>
    <input id="card_number" name="card_number" inputmode="numeric" autocomplete="cc-number" required>
    <div class="row">
      <div>
        <label for="card_expiry">Expiry (MM/YY)</label>
        <input id="card_expiry" name="card_expiry" inputmode="numeric" autocomplete="cc-exp" required>
      </div>
      <div>
        <label for="card_cvc">Security code</label>
        <input id="card_cvc" name="card_cvc" inputmode="numeric" autocomplete="cc-csc" required>
      </div>
    </div>
    <label for="billing_name">Name on card</label>
    <input id="billing_name" name="billing_name" autocomplete="cc-name" value="${escape(name ?? '')}" required>
    <p class="small">By saving this card you allow the merchant to charge it for your later purchases, also
      when you are not present, under the terms agreed with them. You can withdraw this at any time.</p>
    <button type="submit">Save card</button>
  </form>
  <p class="small">Test page of a payment provider twin: no real card is charged.</p>`,
  );
}

export function authenticatePage(action: string): string {
  return page(
    'Confirm it is you',
    `<form method="post" action="${escape(action)}">
    <button name="verdict" value="complete">Complete authentication</button>
    <button name="verdict" value="fail">Fail authentication</button>
  </form>`,
  );
}

export function closedPage(message: string): string {
  return page('Card payment', `<p>${escape(message)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escape(title)}</title>
  <style>${STYLE}</style>
</head>
<body><main>
  <h1>${escape(title)}</h1>
  ${body}
</main></body>
</html>
`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}
