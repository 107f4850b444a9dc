// Every answer that a test sees is held against the OpenAPI document: a status, or a problem's code, that
// is not written there for that operation fails the test. What no operation is asked (unknown paths, other
// methods) is none of the document's business.

export interface Asked {
  method: string;
  path: string;
}

export interface Answered {
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
}

interface Operation {
  operationId: string;
  responses: Readonly<Record<string, { description: string }>>;
}

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

export function requireDocumented(
  document: Readonly<Record<string, unknown>>,
  asked: Asked,
  answer: Answered,
): void {
  const operation = operationOf(document['paths'] as Paths, asked);
  if (operation === null) return;
  const { operationId, responses } = operation;
  const documented = responses[String(answer.status)];
  if (documented === undefined) {
    const known = Object.keys(responses).join(', ');
    throw new Error(
      `${operationId} answered ${answer.status}, documented are ${known}: ${answer.text}`,
    );
  }
  const code = codeOf(answer);
  if (code !== null && !documented.description.includes(`\`${code}\``)) {
    throw new Error(
      `${operationId} answered ${answer.status} ${code}, documented is: ${documented.description}`,
    );
  }
}

/** The path without parameters wins, as it does in the router. */
function operationOf(paths: Paths, { method, path }: Asked): Operation | null {
  const bare = path.split('?')[0] ?? path;
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
  const template =
    bare in paths ? bare : Object.keys(paths).find((each) => patternOf(each).test(bare));
  return template === undefined ? null : (paths[template]?.[verb] ?? null);
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
}

function codeOf({ headers, text }: Answered): string | null {
  const isProblem = headers['content-type']?.startsWith('application/problem+json') === true;
  // A HEAD has the header of a problem and no body.
  return isProblem && text !== '' ? (JSON.parse(text) as { code: string }).code : null;
}
