// The HTML of the verification page. Everything a person typed is escaped.

import { escapeHtml, htmlPage } from '../twin/html.ts';

const CHOICES = {
  approved: 'Everything matches: approve',
  declined: 'Something is wrong with the document: decline',
  resubmission_requested: 'The pictures are not clear: ask for new ones',
  review: 'Not sure: give it to a specialist',
  expired: 'Never finish: let it expire',
  abandoned: 'Begin and leave: abandon it',
};

type Shown = { action: string; firstName: string; lastName: string; error?: string };

export function verifyPage({ action, firstName, lastName, error }: Shown): string {
  const alert = error === undefined ? '' : `<p class="error" role="alert">${escapeHtml(error)}</p>`;
  const options = Object.entries(CHOICES).map(
    ([value, label]) => `<option value="${value}">${label}</option>`,
  );
  return htmlPage(
    'Verify your identity',
    `${alert}
  <form method="post" action="${escapeHtml(action)}">
    ${field('first_name', 'First name', firstName)}
    ${field('last_name', 'Last name', lastName)}
    ${field('date_of_birth', 'Date of birth (YYYY-MM-DD)', '')}
    ${field('id_number', 'National identity number', '')}
    ${field('document_type', 'Document (PASSPORT, ID_CARD …)', 'PASSPORT')}
    ${field('document_number', 'Document number', '')}
    ${field('document_country', 'Issuing country (two letters)', '')}
    <label for="outcome">What the check finds</label>
    <select id="outcome" name="outcome">${options.join('')}</select>
    <button type="submit">Submit</button>
  </form>
  <p class="small">Test page of an identity provider twin: no picture is taken.</p>`,
  );
}

export function closedPage(message: string): string {
  return htmlPage('Identity verification', `<p>${escapeHtml(message)}</p>`);
}

function field(name: string, label: string, value: string): string {
  return `<label for="${name}">${label}</label>
    <input id="${name}" name="${name}" value="${escapeHtml(value)}">`;
}
