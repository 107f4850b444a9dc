// Where this machine takes its Debian packages from, read from apt's own lists in either of their two formats.
// Pure: texts in, one address out.

/** A list of apt: the one-line format (`*.list`) or deb822 (`*.sources`). */
export interface AptList {
  name: string;
  text: string;
}

/** @returns the first binary mirror that offers this suite's main component, or null. */
export function findMirror(lists: readonly AptList[], suite: string): string | null {
  for (const { name, text } of lists) {
    const entries = name.endsWith('.sources') ? stanzas(text) : lines(text);
    const found = entries.find(
      ({ suites, components }) => suites.includes(suite) && components.includes('main'),
    );
    if (found !== undefined) return found.uri;
  }
  return null;
}

interface Entry {
  uri: string;
  suites: string[];
  components: string[];
}

function lines(text: string): Entry[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    const [, uri, suite, components] = found ?? [];
    if (uri === undefined || suite === undefined || components === undefined) return [];
    return [{ uri, suites: [suite], components: words(components) }];
  });
}

function stanzas(text: string): Entry[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string): string[] =>
      words(new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1] ?? '');
    const [uri] = field('URIs');
    if (uri === undefined || !field('Types').includes('deb') || field('Enabled').includes('no')) {
      return [];
    }
    return [{ uri, suites: field('Suites'), components: field('Components') }];
  });
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
