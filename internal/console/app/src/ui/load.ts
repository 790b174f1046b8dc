import { useCallback, useEffect, useReducer, useState } from 'preact/hooks';
import { asProblem, type Problem } from '../api/problem';

export interface Loaded<T> {
  /** What was loaded last; kept while something else is loaded in its place. */
  value?: T;
  problem?: Problem;
  loading: boolean;
  /** Loads it again. */
  again(): void;
  /** Changes what was loaded. */
  update(change: (value: T) => T): void;
}

/** Loads something when the component appears, and again whenever key changes. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ value?: T; problem?: Problem; loading: boolean }>({ loading: true });
  const [round, again] = useReducer((n: number, _: void) => n + 1, 0);
  useEffect(() => {
    const abort = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    load(abort.signal).then(
      (value) => abort.signal.aborted || setState({ value, loading: false }),
      (error) => abort.signal.aborted || setState((before) => ({ ...before, problem: asProblem(error), loading: false })),
    );
    return () => abort.abort();
  }, [key, round]);
  const update = useCallback(
    (change: (value: T) => T) =>
      setState((before) => (before.value === undefined ? before : { ...before, value: change(before.value) })),
    [],
  );
  return { ...state, again, update };
}
