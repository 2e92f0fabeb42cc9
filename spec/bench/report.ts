/**
 * Writes the report: the page, its plots, and the figures that both are made of.
 * Beneath `main`; above `page` and `plots`.
 */
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {pageOf} from './page.js';
import {peersFolder} from './peers-folder.js';
import {plotsOf} from './plots.js';
import type {Results} from './results.js';

const root = new URL('../../../', import.meta.url);
const page = new URL('docs/explain/performance.md', root);
const folder = new URL('docs/explain/performance/', root);
export const figuresFile = fileURLToPath(new URL('figures.json', folder));

export function readResults(path: string): Results {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Results) : {};
}

/** @returns the path of the page */
export async function writeReport(results: Results): Promise<string> {
  mkdirSync(folder, {recursive: true});
  writeFileSync(figuresFile, `${JSON.stringify(results)}\n`);
  const drawn = await drawAll(results);
  writeFileSync(page, pageOf(results, drawn));
  return fileURLToPath(page);
}

/** @returns the plots that are there, by name, with what they show */
async function drawAll(results: Results): Promise<Map<string, string>> {
  const plots = plotsOf(results);
  const fileOf = (name: string): URL => new URL(`${name}.svg`, folder);
  try {
    const {draw} = (await import(new URL('draw.mjs', peersFolder).href)) as {draw: (spec: object) => Promise<string>};
    for (const {name, spec} of plots) writeFileSync(fileOf(name), await draw(spec));
  } catch (error) {
    console.error(`The plots cannot be drawn: ${(error as Error).message}`);
  }
  return new Map(plots.filter(({name}) => existsSync(fileOf(name))).map(({name, alt}) => [name, alt]));
}
