import { useState } from 'preact/hooks';
import { asProblem } from '../api/problem';

/** Does something, once at a time. What it returns or throws is what went wrong. */
export function useAttempt(attempt: () => Promise<string | void> | void) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const start = async () => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      setProblem((await attempt()) ?? null);
    } catch (error) {
      setProblem(asProblem(error).message);
    }
    setBusy(false);
  };
  return { busy, problem, start };
}
