import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useAttempt } from './attempt';

interface DialogProps {
  title: string;
  /** Says what the dialog is about, beyond its title; the id of an element in it. */
  describedBy?: string;
  kind?: 'box' | 'drawer';
  onClose(): void;
  children: ComponentChildren;
}

/** A modal dialog. Opening moves the focus into it, closing gives it back to where it was; Escape closes. */
export function Dialog({ title, describedBy, kind = 'box', onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const pressedOutside = useRef(false);
  useLayoutEffect(() => {
    const dialog = element.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  const isOutside = (event: MouseEvent) => event.target === element.current;
  return (
    <dialog
      ref={element}
      class={kind}
      aria-label={title}
      aria-describedby={describedBy}
      onCancel={(event) => {
        if (event.target !== element.current) return; // a file chooser inside can be cancelled, too
        if (!event.cancelable) return; // the dialog closes, whatever is done here
        event.preventDefault();
        onClose();
      }}
      onClose={() => {
        if (!element.current) return; // it is unmounted, and has closed therefore
        // The browser closed it by itself, as it may when Escape is pressed again and again: whether it closes is asked as ever.
        element.current.showModal();
        onClose();
      }}
      onMouseDown={(event) => (pressedOutside.current = isOutside(event))}
      onClick={(event) => pressedOutside.current && isOutside(event) && onClose()}
    >
      <div class="inside">{children}</div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  children: ComponentChildren;
  /** What the button says that does it. */
  action: string;
  /** Does it, and closes. What it returns or throws in place of that is said beside the buttons. */
  onConfirm(): Promise<string | void> | void;
  onClose(): void;
}

/** Asks before something is done that cannot be undone. The focus begins on the way out. */
export function Confirm({ title, children, action, onConfirm, onClose }: ConfirmProps) {
  const { busy, problem, start } = useAttempt(onConfirm);
  return (
    <Dialog title={title} describedBy="confirm-text" onClose={onClose}>
      <h2>{title}</h2>
      <div id="confirm-text">{children}</div>
      <div class="buttons">
        <p class="problem" role="alert">{problem}</p>
        <button type="button" autofocus onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="danger" aria-disabled={busy} onClick={start}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
