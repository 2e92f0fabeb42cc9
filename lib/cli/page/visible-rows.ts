// Which rows of a long list can be seen. The others are not drawn: a tree has hundreds of actors, and a screen has room for thirty.
import type {RefObject} from 'preact';
import {useLayoutEffect, useState} from 'preact/hooks';

/** The height of a row in pixels; the style has the same. */
export const rowHeight = 30;
/** Number of rows that are drawn above and below those that can be seen, so that scrolling does not show a gap. */
const margin = 8;

export interface Seen {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The rows that can be seen of a box that scrolls. @param count how many rows there are */
export function useSeen(box: RefObject<HTMLElement | null>, count: number): Seen {
  const [{top, height}, setPlace] = useState({top: 0, height: 0});
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const look = (): void => {
      const {scrollTop, clientHeight} = element;
      // Scrolling within a row shows the same rows.
      const row = Math.floor(scrollTop / rowHeight) * rowHeight;
      setPlace(before =>
        before.top === row && before.height === clientHeight ? before : {top: row, height: clientHeight},
      );
    };
    look();
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    element.addEventListener('scroll', look, {passive: true});
    return () => {
      sizes.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  return seenAt(top, height, count);
}

/** @param top how far the box is scrolled, in pixels */
export function seenAt(top: number, height: number, count: number): Seen {
  const from = Math.max(0, Math.min(count, Math.floor(top / rowHeight)) - margin);
  return {from, to: Math.min(count, Math.ceil((top + height) / rowHeight) + margin)};
}
