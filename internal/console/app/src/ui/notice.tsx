import { store, useStore } from '../store';

const notice = store<{ text: string } | null>(null);
const duration = 6_000;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says for a while, and to screen readers once, what has been done. */
export function say(text: string): void {
  notice.set({ text });
  clearTimeout(timer);
  timer = setTimeout(() => notice.set(null), duration);
}

/** Where it is said: in the page, and in a dialog that makes the page unreachable. */
export function Notice() {
  const now = useStore(notice);
  return (
    <div class="notice" role="status">
      {now && <p>{now.text}</p>}
    </div>
  );
}
