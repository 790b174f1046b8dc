/** The service's sign, as on its other pages. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <circle cx="16" cy="12" r="5" />
      <path d="M6 27a10 9 0 0 1 20 0z" />
    </svg>
  );
}
