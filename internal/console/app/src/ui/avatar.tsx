import type { User } from '../live';

const hues = 8;

/** A user's initials. The colour is the user's own and means nothing. */
export function Avatar({ user, large = false }: { user: User; large?: boolean }) {
  const initials = [user.firstName, user.lastName].map((name) => [...name][0] ?? '').join('');
  const hue = parseInt(user.id.slice(-4), 16) % hues;
  return (
    <span class={`avatar hue-${hue} ${large ? 'large' : ''}`} aria-hidden="true">
      {initials.toUpperCase()}
    </span>
  );
}

export function fullName(user: User): string {
  return `${user.firstName} ${user.lastName}`;
}
