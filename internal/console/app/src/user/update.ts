import { run } from '../api/graphql';
import { GetUser, UpdateUser, type UpdateUserInput } from '../api/operations';
import { type FieldProblem, Problem } from '../api/problem';
import { tellChanged, type User } from '../live';

/** What came of a change: the user as it is now, what is wrong, or what somebody else made of it meanwhile. */
export type Outcome = { user: User } | { mistakes: FieldProblem[] } | { theirs: User };

/** Changes a user that is still at the version that was seen. */
export async function update(seen: User, change: Omit<UpdateUserInput, 'id' | 'expectedVersion'>): Promise<Outcome> {
  const { updateUser } = await run(UpdateUser, { input: { ...change, id: seen.id, expectedVersion: seen.version } });
  if (updateUser?.user) {
    tellChanged(updateUser.user);
    return { user: updateUser.user };
  }
  const mistakes = mistakesIn(updateUser?.errors);
  return isConflict(mistakes) ? { theirs: await read(seen.id) } : { mistakes };
}

export async function read(id: string): Promise<User> {
  const { user } = await run(GetUser, { id });
  if (!user) throw new Problem('USER_NOT_FOUND', 'No user has this id.');
  tellChanged(user);
  return user;
}

/** The errors of a payload, in the form that forms take. */
export function mistakesIn(errors: { code: string; field?: string | null; message: string }[] = []): FieldProblem[] {
  return errors.map((one) => ({ ...one, field: one.field ?? '' }));
}

export function isConflict(mistakes: FieldProblem[]): boolean {
  return mistakes.some((one) => one.code === 'VERSION_CONFLICT');
}

/** What is wrong, where there is no field to say it at. */
export function messages(mistakes: FieldProblem[]): string {
  return mistakes.map((one) => one.message).join(' ');
}
