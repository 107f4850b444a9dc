// Both formats of apt's lists, and what must not be taken for a mirror.

import { describe, expect, test } from '@jest/globals';
import { findMirror } from '../../../scripts/image/apt-mirror.ts';

const deb822 = (text: string) => ({ name: 'a.sources', text });
const oneLine = (text: string) => ({ name: 'a.list', text });

describe('findMirror', () => {
  test('reads a deb822 stanza with several suites and a comment', () => {
    const text = `# old
Types: deb
# http://snapshot.example/x
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://other.example/security
Suites: bookworm-security
Components: main
`;
    expect(findMirror([deb822(text)], 'bookworm')).toBe('http://mirror.example/debian');
    expect(findMirror([deb822(text)], 'trixie')).toBeNull();
  });

  test('leaves out sources, disabled stanzas and suites that only begin alike', () => {
    const stanza = (more: string) => deb822(`URIs: http://m.example/\nComponents: main\n${more}`);
    expect(findMirror([stanza('Types: deb-src\nSuites: bookworm')], 'bookworm')).toBeNull();
    expect(
      findMirror([stanza('Types: deb\nSuites: bookworm\nEnabled: no')], 'bookworm'),
    ).toBeNull();
    expect(findMirror([stanza('Types: deb\nSuites: bookworm-security')], 'bookworm')).toBeNull();
  });

  test('reads one-line lists with options, and skips other components and comments', () => {
    const text = `# deb http://commented.example bookworm main
deb-src http://source.example bookworm main
deb http://contrib.example bookworm contrib
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # ours
`;
    expect(findMirror([oneLine(text)], 'bookworm')).toBe('http://mirror.example/debian');
  });
});
