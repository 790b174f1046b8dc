import type { User } from '../live';

/** What the form of a user has. */
export type Editable = Pick<User, 'email' | 'firstName' | 'lastName'>;

export const fields: { name: keyof Editable; label: string }[] = [
  { name: 'email', label: 'E-mail address' },
  { name: 'firstName', label: 'First name' },
  { name: 'lastName', label: 'Last name' },
];

export function editableOf({ email, firstName, lastName }: User): Editable {
  return { email, firstName, lastName };
}

const others: Record<string, string> = { emailVerifiedAt: 'E-mail verified', isActive: 'Active', password: 'Password' };

/** What a field is called, by its name in the schema. */
export function labelOf(name: string): string {
  return fields.find((one) => one.name === name)?.label ?? others[name] ?? name;
}
