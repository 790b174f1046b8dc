import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { asProblem, type FieldProblem, Problem } from '../api/problem';

interface FormProps {
  /** Does it. What it returns or throws is shown: at the fields it is about, or above the buttons. */
  submit(): Promise<FieldProblem[] | void>;
  /** What the button says. */
  action: string;
  onCancel?: () => void;
  /** Something to know before submitting. */
  note?: string;
  /** Renders the fields, given what is wrong with each. */
  children: (errorOf: (field: string) => string | undefined) => ComponentChildren;
}

/** A form whose rules are the service's alone: it says after submitting what is wrong, at the fields. */
export function Form({ submit, action, onCancel, note, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [mistakes, setMistakes] = useState<FieldProblem[]>([]);
  const hasField = (name: string) => form.current?.elements.namedItem(name) != null;
  const errorOf = (field: string) => mistakes.find((one) => one.field === field)?.message;

  // The first wrong field gets the focus once it says what is wrong.
  useLayoutEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(), [mistakes]);

  const send = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setMistakes([]);
    try {
      const found = await submit();
      if (form.current) setMistakes(found ?? []);
    } catch (error) {
      const problem = asProblem(error);
      if (form.current) setMistakes(atFields(problem, hasField));
    } finally {
      if (form.current) setBusy(false);
    }
  };

  const others = mistakes.filter((one) => !hasField(one.field));
  return (
    <form ref={form} noValidate onSubmit={send} aria-busy={busy}>
      {children(errorOf)}
      <div class="buttons">
        <p class="problem" role="alert">{others.map((one) => one.message).join(' ') || (busy ? '' : note)}</p>
        {onCancel && (
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" class="primary" aria-disabled={busy}>
          {action}
        </button>
      </div>
    </form>
  );
}

/** A problem's fields where the form has them, else the problem itself. */
function atFields(problem: Problem, hasField: (name: string) => boolean): FieldProblem[] {
  if (problem.fields.some((one) => hasField(one.field))) return problem.fields;
  return [{ field: '', code: problem.code, message: problem.message }];
}

interface FieldProps {
  label: string;
  name: string;
  value: string;
  onValue(value: string): void;
  error?: string;
  hint?: string;
  type?: 'text' | 'email' | 'password';
  autocomplete?: string;
  autofocus?: boolean;
}

/** A labelled text field with a place below for a hint, or for what is wrong. */
export function Field({ label, name, value, onValue, error, hint, type = 'text', autocomplete = 'off', autofocus }: FieldProps) {
  const id = useId();
  const [seen, setSeen] = useState(false);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="control">
        <input
          id={id}
          name={name}
          type={(type === 'password' && seen ? 'text' : type) as 'text'}
          value={value}
          autocomplete={autocomplete}
          autofocus={autofocus}
          spellcheck={false}
          autocapitalize="none"
          aria-invalid={error !== undefined}
          aria-describedby={`${id}-note`}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
        {type === 'password' && (
          <button type="button" class="reveal" aria-pressed={seen} onClick={() => setSeen(!seen)}>
            Show<span class="hidden"> {label}</span>
          </button>
        )}
      </div>
      <p id={`${id}-note`} class={error ? 'note wrong' : 'note'}>
        {error ?? hint}
      </p>
    </div>
  );
}
