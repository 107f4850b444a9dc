// Rules on the text of the sources that no import graph can see. Each rule names where it holds, where it
// does not and why, and the words it looks for; comments are not searched.

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  path: string;
  text: string;
}

export interface SourceRule {
  name: string;
  within: RegExp;
  except: RegExp;
  words: RegExp;
}

export interface Breach {
  rule: string;
  path: string;
  line: number;
  found: string;
}

/** Entry points and composition: `server/*.ts`. They build the world that everyone else is given. */
const COMPOSITION = /^server\/[^/]+\.ts$/;
/** Migrations, and the lock they take, run before there is a world. */
const COMPOSITION_OR_MIGRATION =
  /^server\/([^/]+|platform\/database\/(migration-lock|migrate-step))\.ts$/;

export const SOURCE_RULES: SourceRule[] = [
  {
    name: 'only config/load.ts reads the environment',
    within: /^(server|config|installer)\//,
    except: /^config\/load\.ts$/,
    words: /process\s*(\.|\?\.|\[['"])env\b|from 'node:process'/,
  },
  {
    name: 'the clock is handed in',
    within: /^server\//,
    except: COMPOSITION_OR_MIGRATION,
    words: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b|\bprocess\.hrtime\b/,
  },
  {
    name: 'timers are handed in',
    within: /^server\//,
    except: COMPOSITION_OR_MIGRATION,
    words: /\bset(Timeout|Interval)\b|'node:timers/,
  },
  {
    name: 'randomness is handed in',
    within: /^server\//,
    except: COMPOSITION,
    words: /\bMath\.random\b|\brandom(UUID|Bytes|Int|Fill|FillSync)\b|\bgetRandomValues\b/,
  },
  {
    name: 'SQL is written in stores, the database room and migrations',
    within: /^(server|config|installer)\//,
    except: /^server\/platform\/database\/|^(server|installer)\/.+\/store[^/]*\.ts$/,
    words:
      /[`'"]\s*(select\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s|(create|alter|drop)\s+(table|index)\s)/i,
  },
  {
    name: 'SQL takes the time as a parameter, or from the dialect',
    within: /^(server|config|installer|scripts)\//,
    // The dialects name the database's clock; `scripts/migrations-lint` looks for these very words.
    except:
      /^server\/platform\/database\/(postgres-dialect|sqlite)\.ts$|^scripts\/migrations-lint\//,
    words: new RegExp(
      [
        /\b(current_(timestamp|time|date)|localtime(stamp)?|unixepoch|julianday|strftime|timeofday)\b/,
        /\b(clock|statement|transaction)_timestamp\b/,
        // In a text with a word of SQL before it; `${now()}` is the clock that was handed in.
        /`(?:[^`$]|\$\d)*\b(select|insert|update|delete|where|values|set)\b(?:[^`$]|\$\d|\$\{[^}]*\})*(?<![.\w])now\(\)/,
        /'[^'\n]*\b(select|insert|update|delete|where|values|set)\b[^'\n]*(?<![.\w])now\(\)/,
      ]
        .map(({ source }) => source)
        .join('|'),
      'i',
    ),
  },
];

export const NAMING_RULE = 'a file is named for what it holds';

/** `base` is refused as a class that others extend; what an image is built on is called so too. */
const OF_AN_IMAGE = /^scripts\/image(\/|-base\.ts$)/;
const WEAK_NAME =
  /(^|\/)(utils?|helpers?|lib|common|misc)(\/|\.)|[/-](manager|helper|helpers|service|base|impl|utils?)\.(ts|js)$/;

export function findBreaches(files: SourceFile[]): Breach[] {
  return files.flatMap((file) => [
    ...SOURCE_RULES.flatMap((rule) => (holds(rule, file.path) ? findWords(rule, file) : [])),
    ...(WEAK_NAME.test(file.path) && !OF_AN_IMAGE.test(file.path) ? [weakName(file.path)] : []),
  ]);
}

function holds(rule: SourceRule, path: string): boolean {
  return rule.within.test(path) && !rule.except.test(path);
}

/** Searched as one text, because a statement may begin on the line after its quote. */
function findWords(rule: SourceRule, { path, text }: SourceFile): Breach[] {
  const code = withoutComments(text);
  const everywhere = new RegExp(rule.words.source, `${rule.words.flags}g`);
  return [...code.matchAll(everywhere)].map((match) => ({
    rule: rule.name,
    path,
    line: code.slice(0, match.index).split('\n').length,
    found: match[0].trim(),
  }));
}

function weakName(path: string): Breach {
  return { rule: NAMING_RULE, path, line: 1, found: path };
}

/** Lines stay where they are. A comment behind code begins after a blank, which a URL in a string does not. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[^]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .split('\n')
    .map((line) => line.replace(/(^|\s)\/\/.*$/, ''))
    .join('\n');
}
