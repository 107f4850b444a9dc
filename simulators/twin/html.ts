// One plain page for every hosted form of the twins, and escaping for what goes into it.

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; background: #f6f8fa; color: #1a1f36; margin: 0; }
  main { max-width: 26rem; margin: 4rem auto; padding: 2rem; background: #fff; border-radius: 12px;
    box-shadow: 0 2px 12px rgb(0 0 0 / 8%); }
  h1 { font-size: 1.25rem; margin: 0 0 1rem; }
  label { display: block; margin: 0.75rem 0 0.25rem; font-size: 0.875rem; }
  input, select { width: 100%; box-sizing: border-box; padding: 0.6rem; font: inherit;
    border: 1px solid #c9d1d9; border-radius: 6px; }
  button { width: 100%; margin-top: 1.25rem; padding: 0.7rem; font: inherit; color: #fff;
    background: #0b57d0; border: 0; border-radius: 6px; cursor: pointer; }
  .row { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
  .error { padding: 0.6rem; color: #8a1c1c; background: #fdecec; border-radius: 6px; }
  .small { font-size: 0.8rem; color: #57606a; }
`;

export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escapeHtml(title)}</title>
  <style>${STYLE}</style>
</head>
<body><main>
  <h1>${escapeHtml(title)}</h1>
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

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}
