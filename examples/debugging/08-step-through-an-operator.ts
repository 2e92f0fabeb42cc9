/**
 * The values of a remote stream pass through the operators of a pipe: their functions stop and step like other code.
 *
 *   root
 *   └── sensor
 *
 * On a terminal: `root>` in the operator, once for each value. Try `celsius`, `n`, `s` into `label`, `f` out of it; `c`.
 *
 * It prints, also where there is no terminal:
 *
 *   68 °F (mild)
 *   95 °F (hot)
 */
import {concatMap, map} from 'rxjs';
import {breakpoint, main, stream} from 'rxtractor';

export const readings = stream(() => ['20', '35']);

function label(fahrenheit: number): string {
  return `${fahrenheit} °F (${fahrenheit > 80 ? 'hot' : 'mild'})`;
}

await main(
  async nursery => {
    const sensor = await nursery.startActor('sensor', {expose: [readings]});
    const shown = sensor.stream(readings).pipe(
      map(text => Number(text)),
      // A function that cannot await cannot stop: concatMap takes one that can.
      concatMap(async celsius => {
        await breakpoint();
        const fahrenheit = (celsius * 9) / 5 + 32;
        return label(fahrenheit);
      }),
    );
    await shown.forEach(line => {
      console.log(line);
    });
  },
  {debug: true},
);
