// The reference page holds the texts of --help.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {commands} from '../../lib/cli/commands.js';
import {helpOf, helpOfAll} from '../../lib/cli/help.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('docs/reference/command.md has the help of every command, as it is printed', t => {
  const page = readFileSync(join(root, 'docs', 'reference', 'command.md'), 'utf8');
  t.true(page.includes(`\`\`\`\n${helpOfAll(commands)}\`\`\``), helpOfAll(commands));
  for (const command of commands) {
    const wanted = `## ${command.name}\n\n\`\`\`\n${helpOf(command)}\`\`\``;
    t.true(page.includes(wanted), wanted);
  }
});

test('no line of a help is longer than a narrow terminal', t => {
  for (const text of [helpOfAll(commands), ...commands.map(helpOf)])
    for (const line of text.split('\n')) t.true(line.length <= 88, line);
});
