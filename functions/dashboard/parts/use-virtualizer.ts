/** Which of many rows of one height are in sight. */
import { elementScroll, observeElementOffset, observeElementRect, type VirtualItem, Virtualizer } from '@tanstack/virtual-core';
import { useLayoutEffect, useReducer, useState } from 'preact/hooks';

export type { VirtualItem };

export function useVirtualizer(
  count: number,
  rowPixels: number,
  scroller: { readonly current: HTMLDivElement | null },
): Virtualizer<HTMLDivElement, HTMLDivElement> {
  const [, render] = useReducer((renders: number, more: number) => renders + more, 0);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPixels,
    overscan: 6,
    scrollPaddingStart: rowPixels,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => render(1),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLDivElement>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  return virtualizer;
}
