import { useLayoutEffect, useRef } from 'preact/hooks';

/** Tells whether the component is still there: what comes with an answer may come after it was left. */
export function useMounted(): () => boolean {
  const mounted = useRef(true);
  useLayoutEffect(() => () => void (mounted.current = false), []);
  return () => mounted.current;
}
