import type { ComponentChildren } from 'preact';

/** Stands where something could not be shown, and says why. */
export function Trouble({ message, children }: { message: string; children?: ComponentChildren }) {
  return (
    <div class="trouble" role="alert">
      <p>{message}</p>
      {children}
    </div>
  );
}
