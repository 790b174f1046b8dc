import { useState } from 'preact/hooks';
import { run } from '../api/graphql';
import { DeleteUser } from '../api/operations';
import { tell, type User } from '../live';
import { place } from '../router';
import { readQuery } from '../users/query';
import { fullName } from '../ui/avatar';
import { useAttempt } from '../ui/attempt';
import { Confirm } from '../ui/dialog';
import { useMounted } from '../ui/mounted';
import { say } from '../ui/notice';
import { backToList } from './frame';
import { PasswordDialog } from './password';
import { isConflict, messages, mistakesIn, read, update } from './update';

const conflict = 'Somebody else changed this user meanwhile. Look at what it is now, and try again.';

/** What can be done with a user besides editing it. */
export function Actions({ user }: { user: User }) {
  const [open, setOpen] = useState<'password' | 'delete' | null>(null);
  const toggle = useAttempt(() => activate(user, !user.isActive));
  const isMounted = useMounted();
  const leave = () => isMounted() && backToList(readQuery(place.get()));
  const close = () => setOpen(null);

  return (
    <section class="actions" aria-label="Actions">
      <button type="button" aria-disabled={toggle.busy} onClick={toggle.start}>
        {user.isActive ? 'Deactivate' : 'Activate'}
      </button>
      <button type="button" onClick={() => setOpen('password')}>
        Set password…
      </button>
      <button type="button" class="danger" onClick={() => setOpen('delete')}>
        Delete…
      </button>
      <p class="problem" role="alert">{toggle.problem}</p>
      {open === 'password' && <PasswordDialog user={user} onClose={close} />}
      {open === 'delete' && <DeleteDialog user={user} onDeleted={leave} onClose={close} />}
    </section>
  );
}

/** Lets a user in or keeps it out, and returns what is wrong, if anything is. */
async function activate(user: User, isActive: boolean): Promise<string | void> {
  const outcome = await update(user, { isActive });
  if ('theirs' in outcome) return conflict;
  if ('mistakes' in outcome) return messages(outcome.mistakes);
  say(`${fullName(outcome.user)} is ${outcome.user.isActive ? 'active' : 'inactive'} now.`);
}

function DeleteDialog({ user, onDeleted, onClose }: { user: User; onDeleted(): void; onClose(): void }) {
  const remove = async () => {
    const { deleteUser } = await run(DeleteUser, { input: { id: user.id, expectedVersion: user.version } });
    const mistakes = mistakesIn(deleteUser?.errors);
    if (isConflict(mistakes)) {
      await read(user.id);
      return conflict;
    }
    if (mistakes.length > 0) return messages(mistakes);
    tell({ kind: 'deleted', id: user.id, by: null });
    onDeleted();
    say(`${fullName(user)} was deleted.`);
  };
  return (
    <Confirm title={`Delete ${fullName(user)}?`} action="Delete user" onConfirm={remove} onClose={onClose}>
      <p>
        <strong>{user.email}</strong> is removed for good, and its values leave the history. Nothing brings it back. To keep the user
        and not let it in, deactivate it.
      </p>
    </Confirm>
  );
}
