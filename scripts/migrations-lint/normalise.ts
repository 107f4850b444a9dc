// SQL text reduced to what rules compare: one line, lower case, no comments, no values, no quotes around
// plain names, no schema `public`. Split into statements at semicolons and into parts at commas, both only
// where they stand outside of everything else.

/** In the order they are tried at each place. */
const TOKEN = new RegExp(
  [
    /--[^\n]*/, // comment
    /\/\*[\s\S]*?\*\//, // comment
    /\$(\w*)\$[\s\S]*?\$\1\$/, // dollar-quoted body
    /[eE]?'(?:[^'\\]|''|\\.)*'/, // value
    /"(?:[^"]|"")*"/, // quoted name
    /[\s\S]/, // anything else, one at a time
  ]
    .map(({ source }) => `(?:${source})`)
    .join('|'),
  'g',
);

export function statementsOf(sql: string): string[] {
  return splitOutside(reduce(sql), ';').map(tidy).filter(Boolean);
}

/** At commas outside of parentheses. */
export function partsOf(text: string): string[] {
  return splitOutside(text, ',').map((part) => part.trim());
}

function reduce(sql: string): string {
  return sql.replace(TOKEN, (token) => {
    if (token.startsWith('--') || token.startsWith('/*')) return ' ';
    if (token.length > 1 && token.startsWith('$')) return '$$';
    if (token.endsWith("'") && token.length > 1) return "''";
    if (token.startsWith('"')) return plainName(token);
    return token.toLowerCase();
  });
}

function plainName(quoted: string): string {
  const inner = quoted.slice(1, -1);
  return /^[a-z_][a-z0-9_]*$/.test(inner) ? inner : quoted;
}

function tidy(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/\( /g, '(')
    .replace(/ \)/g, ')')
    .replace(/\bpublic\./g, '')
    .trim();
}

function splitOutside(text: string, mark: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '(') depth += 1;
    else if (letter === ')') depth -= 1;
    else if (letter === mark && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}
