import { useLayoutEffect, useReducer } from 'preact/hooks';

/** A value that components and others follow. */
export interface Store<T> {
  get(): T;
  set(value: T): void;
  /** Calls listener after each change, until what it returns is called. */
  follow(listener: () => void): () => void;
}

export function store<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's value; the component renders again when it changes. */
export function useStore<T>(from: Store<T>): T {
  const [, render] = useReducer((n: number) => n + 1, 0);
  useLayoutEffect(() => from.follow(() => render(undefined)), [from]);
  return from.get();
}
