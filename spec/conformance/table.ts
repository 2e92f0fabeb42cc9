/**
 * The page of what tractor's own tests claim, made from the titles of the specs beside it; run directly, it writes it.
 * Above `lines`; `table.spec` says when the page is behind.
 */
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {linesOf, parts, present, type Section, sections, stemOf} from './lines.js';

export const command = 'npm run conformance';

const root = new URL('../../../', import.meta.url);
const specs = new URL('spec/conformance/', root);
export const page = new URL('docs/reference/conformance.md', root);

/** A title: `2way/test_simple_rpc: what holds (S2, C6)`. What follows the rules tells the cases of a table apart. */
export interface Claim {
  readonly line: string;
  readonly text: string;
  readonly rules: readonly string[];
  readonly spec: string;
}

export function readClaims(): Claim[] {
  return readdirSync(specs)
    .filter(name => name.endsWith('.spec.ts') && name !== 'table.spec.ts')
    .sort()
    .flatMap(name => claimsIn(readFileSync(new URL(name, specs), 'utf8'), name));
}

/** The claims in a spec's source: every string that opens like a title is one. */
export function claimsIn(source: string, spec: string): Claim[] {
  return [...source.matchAll(/(['"`])([a-z\d_]+\/test_\w+): ((?:\\.|(?!\1)[^\\\n])*)\1/g)].map(
    ([, , line = '', rest = '']) => {
      const title = rest.replaceAll(/\\(.)/g, '$1').replaceAll(/\$\{[^}]*\}/g, '…');
      const [, text = title, rules = ''] = /^(.*?) \(([A-Z]\d+(?:, [A-Z]\d+)*)\)/.exec(title) ?? [];
      return {line, text, rules: rules === '' ? [] : rules.split(', '), spec};
    },
  );
}

export function render(claims: readonly Claim[]): string {
  return `${introduction}
${sections.flatMap(section => table(section, claims)).join('\n')}
## With discovery and sockets

${list('names-and-roads')}`;
}

const introduction = `# What tractor's own tests claim

The semantics of this library come from [tractor](https://github.com/goodboy/tractor), a Python library. Each line here is a test of
its suite whose claim carries over, and the specs of ours that make the same claim; [the rules](semantics.md) are those that the
titles of specs name. Where the two libraries decide differently, the claim is the one that holds here.

\`${command}\` writes this page from the titles of [the specs](../../spec/conformance).
`;

function table(section: Section, claims: readonly Claim[]): string[] {
  const {file} = section;
  const names = present.flatMap(part => section[part] ?? []);
  if (names.length === 0) return [];
  const rows = names.flatMap(name => {
    const line = `${stemOf(file)}/${name}`;
    const rows = claims.filter(claim => claim.line === line).map(claim => row(name, claim));
    return rows.length === 0 ? [`| \`${name}\` | | | |`] : [...new Set(rows)];
  });
  return [`## ${file}\n\n| test | claim | rules | spec |\n|---|---|---|---|\n${rows.join('\n')}\n`];
}

function row(name: string, {text, rules, spec}: Claim): string {
  const cells = [
    `\`${name}\``,
    text.replaceAll('|', '\\|'),
    rules.map(linked).join(', '),
    `[${spec}](../../spec/conformance/${spec})`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Links to a rule; other letters (`K88`) name no rule. */
const linked = (rule: string): string =>
  /^[TECXSFBDP]/.test(rule) ? `[${rule}](semantics.md#${rule.toLowerCase()})` : rule;

function list(part: (typeof parts)[number]): string {
  return sections
    .filter(section => section[part])
    .map(({file, [part]: names = []}) => `- ${file}: ${names.map(name => `\`${name}\``).join(', ')}\n`)
    .join('');
}

/** Every line there is. */
export const allLines = (): string[] => parts.flatMap(linesOf);

// At the end: the texts above are there only now.
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, render(readClaims()));
