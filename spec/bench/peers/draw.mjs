// Draws plots as SVG. Vega needs no browser for that, and no canvas.
import {parse, View} from 'vega';
import {compile} from 'vega-lite';

/** @param spec a plot of Vega-Lite */
export async function draw(spec) {
  const view = new View(parse(compile(spec).spec), {renderer: 'none'});
  const svg = await view.toSVG();
  view.finalize();
  // Coordinates with fewer digits take half of the room.
  return svg.replaceAll(/\d+\.\d{3,}/g, number => String(Math.round(Number(number) * 100) / 100));
}
