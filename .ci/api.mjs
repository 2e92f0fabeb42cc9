// Writes docs/reference/api.md: every public name with its signature, its doc comment and its examples, on one page.
// API Extractor reads the declarations of dist and gives a model; api-page.mjs renders it. Run by `npm run api`; a spec fails
// while the page is stale. Prints what has no doc comment.
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {Extractor, ExtractorConfig} from '@microsoft/api-extractor';
import {ApiModel} from '@microsoft/api-extractor-model';
import {renderPage} from './api-page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs', 'reference', 'api.md');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const {markdown, problems, undocumented, withoutExample} = makePage();
  writeFileSync(page, markdown);
  for (const [title, lines] of Object.entries({problems, undocumented, 'without an example': withoutExample})) {
    console.error([`${title}: ${lines.length}`, ...lines].join('\n  '));
  }
}

export const readPage = () => readFileSync(page, 'utf8');

/** The page as it should be, and what it lacks. Reads dist, so the project must be compiled. */
export function makePage() {
  const entries = publicEntries().map(entry => ({...entry, ...readGroups(entry)}));
  // An entry without groups exports names of others once more. They are told where those tell them.
  const doors = entries.filter(({groups}) => groups.length > 0).map(door => ({...door, ...extract(door.declarations)}));
  const all = key => doors.flatMap(door => door[key]);
  const rendered = renderPage(all('members'), all('groups'));
  const grouped = all('groups').flatMap(({names}) => names);
  const lost = entries.flatMap(({source, loose}) =>
    loose
      .filter(name => !grouped.includes(name))
      .map(name => `${source.slice(root.length)}: ${name} stands in no group`),
  );
  return {...rendered, problems: [...all('problems'), ...lost, ...rendered.problems]};
}

/** The exports of package.json, the package itself first: its name for users, its declarations, its source. */
function publicEntries() {
  const {name, exports} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([, {types}]) => types)
    .map(([path, {types}]) => ({
      door: name + path.slice(1),
      declarations: join(root, types),
      source: join(root, types.replace('dist/', '').replace(/\.d\.ts$/, '.ts')),
    }));
}

/**
 * The groups of a door, as lib/index.ts: a comment line opens one, the names that are exported below it belong to it. `loose` are
 * the names that stand in none.
 */
function readGroups({door, source: file}) {
  const groups = [];
  const loose = [];
  const source = readFileSync(file, 'utf8');
  for (const [, title, names] of source.matchAll(/^\/\/ (.+)$|^export (?:type )?\{([^}]*)\}/gm)) {
    if (title !== undefined) {
      groups.push({door, title, names: []});
    } else {
      (groups.at(-1)?.names ?? loose).push(
        ...names.split(',').flatMap(name => name.replace(/^\s*(type )?/, '').trim() || []),
      );
    }
  }

  return {groups, loose};
}

function extract(entry) {
  const folder = mkdtempSync(join(tmpdir(), 'rxtractor-api-'));
  const apiJsonFilePath = join(folder, 'rxtractor.api.json');
  const problems = [];
  try {
    const config = ExtractorConfig.prepare({
      configObject: {
        projectFolder: root,
        mainEntryPointFilePath: entry,
        // TypeScript of API Extractor's own, which reads this configuration as ours does.
        compiler: {tsconfigFilePath: join(root, 'tsconfig.json')},
        apiReport: {enabled: false},
        docModel: {enabled: true, apiJsonFilePath},
        messages: {
          // No name here is alpha or beta, so none says that it is public.
          extractorMessageReporting: {default: {logLevel: 'none'}},
          tsdocMessageReporting: {default: {logLevel: 'warning'}, 'tsdoc-param-tag-missing-hyphen': {logLevel: 'none'}},
        },
      },
      packageJsonFullPath: join(root, 'package.json'),
    });
    Extractor.invoke(config, {
      localBuild: true,
      messageCallback(message) {
        message.handled = true;
        if (message.logLevel === 'warning' || message.logLevel === 'error') {
          const {sourceFilePath: file = '', sourceFileLine: line, text} = message;
          problems.push(`${file.slice(root.length)}:${line} ${text}`);
        }
      },
    });
    const [entryPoint] = new ApiModel().loadPackage(apiJsonFilePath).entryPoints;
    return {members: entryPoint.members, problems};
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}
