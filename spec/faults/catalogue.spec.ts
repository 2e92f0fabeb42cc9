// Every row of the catalogue has a case that is there, or says why it has none; and the pages show what the catalogue says.
import {readFileSync} from 'node:fs';
import test from 'ava';
import {faultsOf} from './catalogue.js';
import {faultRows} from './catalogue-of-faults.js';
import {guardRows, limitRows} from './catalogue-of-guards.js';
import {invariantRows, kitRows} from './catalogue-of-invariants.js';
import {tables, withSection} from './pages.js';

const all = [...faultRows, ...guardRows, ...limitRows, ...invariantRows, ...kitRows];

test('every row of the catalogue has cases that are there, or a reason', t => {
  t.deepEqual(all.flatMap(faultsOf), []);
});

test('a row without a case, or with one that is not there, is a fault', t => {
  const row = {id: 'K0', what: '', promise: ''};
  t.deepEqual(faultsOf({...row, cases: []}), ['K0 has neither a case nor a reason']);
  for (const one of ['matrix: SIGKILL × asleep', 'matrix: boredom × *', 'nursery/death: no such title'])
    t.deepEqual(faultsOf({...row, cases: [one]}), [`K0 names a case that is not there: ${one}`]);
});

test('no row is there twice, and no case is left out of the numbers', t => {
  const ids = all.map(({id}) => id).filter(id => id !== '');
  t.deepEqual(ids, [...new Set(ids)]);
});

for (const {page, name, text} of tables)
  test(`${page} shows the table of ${name}: npm run faults -- --tables`, t => {
    const now = readFileSync(new URL(`../../../${page}`, import.meta.url), 'utf8');
    t.is(withSection(now, name, text()), now);
  });
