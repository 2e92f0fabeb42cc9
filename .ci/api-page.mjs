// Renders API Extractor's model as one Markdown page: a table of the groups, then each public name with all it has.
// Below api.mjs, which makes the model. Above api-comment.mjs, which renders doc comments; Biome formats the signatures.
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {ApiItemKind, ExcerptTokenKind} from '@microsoft/api-extractor-model';
import {renderComment} from './api-comment.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const intro = `# API

Every public name of \`rxtractor\` and of its other entries, with the doc comments of the sources. Where a group is not of
\`rxtractor\` itself, its first line says of which entry it is. \`npm run api\` writes this page; change the comments instead of the
page. \`rxtractor/debugger\` exports the names of the debugger once more. Properties are read-only.
`;

/**
 * `names` are the items of the entry point, `groups` says in which order they stand. The result has the page, and three
 * lists of what it lacks: problems (names without a group, links to nothing), members without a doc comment, and functions
 * and classes without an example.
 */
export function renderPage(names, groups) {
  const page = {
    names,
    anchors: anchorsOf(names),
    words: wordsOf(names),
    signatures: [],
    problems: [],
    undocumented: [],
    withoutExample: [],
  };
  const grouped = groups.flatMap(group => group.names);
  const lost = names.filter(({displayName}) => !grouped.includes(displayName));
  page.problems.push(...lost.map(({displayName}) => `${displayName} stands in no group`));
  const rows = groups.map(group => `| ${group.title} | ${group.names.map(name => linkTo(page, name)).join(', ')} |`);
  const sections = groups.map(({title, door, names: own}) => [
    `## ${title}\n`,
    ...(door.includes('/') ? [`From \`${door}\`.\n`] : []),
    ...own.map(name => renderName(page, name)),
  ]);
  const markdown = [intro, '| | |\n|---|---|', ...rows, '', ...sections.flat()].join('\n');
  const {problems, undocumented, withoutExample} = page;
  return {markdown: withSignatures(markdown, page.signatures), problems, undocumented, withoutExample};
}

/** The anchors that GitHub gives to the headings. `context()` is a function, `Context` a class: headings say which. */
function anchorsOf(names) {
  const anchors = new Map();
  for (const name of names) {
    anchors.set(name.displayName, slug(headingOf(name)));
    for (const member of name.members ?? []) {
      if (isMethod(member)) anchors.set(`${name.displayName}.${member.displayName}`, slug(headingOf(member)));
    }
  }

  return anchors;
}

/** Names that prose uses for nothing else, so that they are links there: `Context` and `Source` need backticks for that. */
function wordsOf(names) {
  const isError = ({members}) => members?.some(({excerpt}) => excerpt.text.startsWith('static readonly code'));
  return new Set(
    names.filter(name => isError(name) || /^([A-Z][a-z]+){2,}$/.test(name.displayName)).map(name => name.displayName),
  );
}

const slug = heading =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');

function headingOf({kind, displayName, parent}) {
  if (kind === ApiItemKind.Function) return `${displayName}()`;
  if (kind === ApiItemKind.TypeAlias) return `type ${displayName}`;
  if (isMethod({kind})) return `${parent.displayName}${displayName.startsWith('[') ? '' : '.'}${displayName}()`;
  return `${kind.toLowerCase()} ${displayName}`;
}

const isMethod = ({kind}) => kind === ApiItemKind.Method || kind === ApiItemKind.MethodSignature;

function linkTo({anchors}, name) {
  return anchors.has(name) ? `[${name}](#${anchors.get(name)})` : undefined;
}

function renderName(page, name) {
  const overloads = page.names.filter(({displayName}) => displayName === name);
  if (overloads.length === 0) {
    page.problems.push(`${name} is not in the model`);
    return '';
  }

  const [{kind, members}] = overloads;
  const shown = inOrder(overloads[0], members).filter(isShown);
  const methods = shown.filter(isMethod);
  if (lacksExample(kind === ApiItemKind.Function ? overloads : [...overloads, ...methods]))
    page.withoutExample.push(name);
  const properties = shown.filter(member => !isMethod(member)).map(member => renderProperty(page, member));
  const names = [...new Set(methods.map(({displayName}) => displayName))];
  return [
    `### ${headingOf(overloads[0])}\n`,
    ...overloads.map(overload => renderDeclaration(page, overload)),
    ...(properties.length > 0 ? [`${properties.join('\n')}\n`] : []),
    ...names.flatMap(each => {
      const of = methods.filter(({displayName}) => displayName === each);
      return [`#### ${headingOf(of[0])}\n`, ...of.map(method => renderDeclaration(page, method))];
    }),
  ].join('\n');
}

/** Errors are made by the library, `instanceof` works as everywhere: the page is quiet about how. */
const isShown = ({kind, displayName}) => kind !== ApiItemKind.Constructor && displayName !== '[Symbol.hasInstance]';

/** The model has members by name; here they stand as in the sources. Each is looked for behind its owner. */
function inOrder(owner, members) {
  const text = readFileSync(`${root}dist/${owner.fileUrlPath.replace(/\.ts$/, '.d.ts')}`, 'utf8');
  const start = text.indexOf(owner.excerpt.text);
  return [...members]
    .map(member => ({member, at: text.indexOf(`\n    ${member.excerpt.text}`, start)}))
    .sort((a, b) => a.at - b.at)
    .map(({member}) => member);
}

/** Shapes of other libraries' things: users call those, not these. */
const shapes = ['AnyObservable', 'SubjectLike'];

/** Functions, and types with methods that a user calls: one example somewhere is enough. */
function lacksExample(items) {
  const [{kind, displayName}] = items;
  if ((kind !== ApiItemKind.Function && items.length === 1) || shapes.includes(displayName)) return false;
  return !items.some(({tsdocComment}) =>
    tsdocComment?.customBlocks.some(block => block.blockTag.tagName === '@example'),
  );
}

/** The signature unless it says no more than the heading, the comment, and links to the types of the signature. */
function renderDeclaration(page, item) {
  const code = codeOf(item);
  const see = item.kind === ApiItemKind.Class ? [] : typesIn(page, item);
  return [
    ...(code === `interface ${item.displayName} {}`
      ? []
      : [`\`\`\`ts\n\0${page.signatures.push(code) - 1}\0\n\`\`\`\n`]),
    ...comment(page, item).map(part => `${part}\n`),
    ...(see.length > 0 ? [`See ${see.join(', ')}.\n`] : []),
  ].join('\n');
}

/** The part that Biome can format: a type without its body, since its members are told below; a method in an interface. */
function codeOf({kind, excerpt}) {
  const code = excerpt.text.replace(/^export (declare )?/, '').trim();
  if (kind === ApiItemKind.Function) return `declare ${code}`;
  if (isMethod({kind})) return `interface $ {\n${code}\n}`;
  return kind === ApiItemKind.TypeAlias ? code : `${code} {}`;
}

function renderProperty(page, item) {
  const code = item.excerpt.text
    .replace(/^(static )?readonly |^get /, '$1')
    .replace(/^(\w+)\(\)/, '$1')
    .replace(/;$/, '');
  const errorCode = /^static code = "(\w+)"$/.exec(code)?.[1];
  if (errorCode) return `- [\`${errorCode}\`](errors.md#${slug(`${errorCode}: ${item.parent.displayName}`)})`;
  const see = typesIn(page, item);
  const [first, ...rest] = comment(page, item);
  const head = `- \`${code.replaceAll(/\s+/g, ' ')}\`${see.length > 0 ? ` (${see.join(', ')})` : ''}`;
  return [first ? `${head}: ${first}` : head, ...rest].join('\n\n').replaceAll(/\n(?=.)/g, '\n  ');
}

function typesIn(page, item) {
  const names = item.excerpt.tokens.filter(({kind}) => kind === ExcerptTokenKind.Reference).map(({text}) => text);
  const own = [item.displayName, item.parent.displayName];
  return [...new Set(names)].filter(name => !own.includes(name)).flatMap(name => linkTo(page, name) ?? []);
}

/** The paragraphs of an item's doc comment, in which names of the page are links. */
function comment(page, {tsdocComment, displayName, parent, fileUrlPath = parent.fileUrlPath}) {
  const owner = parent.kind === ApiItemKind.EntryPoint ? displayName : parent.displayName;
  const name = owner === displayName ? owner : `${owner}.${displayName}`;
  const where = `${fileUrlPath}: ${name}`;
  const paragraphs = tsdocComment
    ? renderComment(tsdocComment, {
        to: target => (target === owner ? undefined : linkTo(page, target)),
        isWord: target => page.words.has(target),
        problem: text => page.problems.push(`${where}: ${text}`),
      })
    : [];
  if (paragraphs.length === 0) page.undocumented.push(where);
  return paragraphs;
}

/** All signatures are formatted at once, since starting Biome takes longer than its work. */
function withSignatures(markdown, signatures) {
  const separator = '// next\n';
  const biome = `${root}node_modules/@biomejs/biome/bin/biome`;
  const options = ['format', '--stdin-file-path=.ci/api.ts', '--line-width=100'];
  const {stdout, stderr} = spawnSync(process.execPath, [biome, ...options], {
    cwd: root,
    input: signatures.join(`\n${separator}`),
    encoding: 'utf8',
  });
  const formatted = stdout.split(separator).map(code => {
    const member = /^interface \$ \{\n([\s\S]*)\}\s*$/.exec(code)?.[1];
    return (member?.replaceAll(/^ {2}/gm, '') ?? code.replace(/ \{\}\s*$/, '').replace(/^declare /, '')).trim();
  });
  if (formatted.length !== signatures.length) throw new Error(`Biome could not format the signatures: ${stderr}`);
  return markdown.replaceAll(/\0(\d+)\0/g, (_, index) => formatted[index]);
}
