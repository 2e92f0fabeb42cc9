/**
 * An actor crashes: the prompt opens in the frame that threw, and then in the root, when the error gets there.
 *
 *   root
 *   └── parser
 *
 * On a terminal: `parser>` with the error. Try `line`, `w`, `u`; `c` lets the error go on to `root>`, `c` there ends it.
 *
 * It prints, also where there is no terminal:
 *
 *   parsing 3 lines
 *
 * Its exit code is 1.
 */
import {main, task} from 'rxtractor';

function parse(line: string): number {
  const value = Number(line);
  if (Number.isNaN(value)) throw new SyntaxError(`${line} is no number`);
  return value;
}

export const parseAll = task(async (lines: string[]) => lines.map(line => parse(line)));

await main(
  async nursery => {
    console.log('parsing 3 lines');
    const parser = await nursery.startActor('parser', {expose: [parseAll]});
    await parser.run(parseAll, ['1', 'two', '3']);
  },
  {debug: true},
);
