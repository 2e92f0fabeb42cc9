// The observer behind the page: one for all pages, and for how long it stays.
import test from 'ava';
import {Observable, Subject} from 'rxjs';
import {lingering} from '../../lib/cli/devtools.js';

const timers = (): number => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;

test('the observer waits for the next page, and nothing waits beyond the end of the command', t => {
  let [made, open] = [0, 0];
  const end = new Subject<void>();
  const source = new Observable<never>(() => {
    made++;
    open++;
    return () => open--;
  });
  const views = source.pipe(lingering(end));
  const before = timers();
  views.subscribe().unsubscribe();
  t.is(open, 1, 'it stays without a page');
  t.is(timers(), before + 1, 'for a while');
  const page = views.subscribe();
  t.is(made, 1, 'the next page meets the same one');
  t.is(timers(), before);
  page.unsubscribe();
  end.next();
  t.is(open, 0);
  t.is(timers(), before, 'else the command would end late');
});
