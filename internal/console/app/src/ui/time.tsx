const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

/** An instant in the reader's own time zone. */
export function Time({ at, precise = false }: { at: string; precise?: boolean }) {
  const instant = new Date(at);
  return (
    <time dateTime={at} title={exact.format(instant)}>
      {(precise ? minute : day).format(instant)}
    </time>
  );
}
