import { useState } from 'preact/hooks';
import { run } from '../api/graphql';
import { DeleteUser } from '../api/operations';
import { asProblem } from '../api/problem';
import { tell, type User } from '../live';
import { place } from '../router';
import { readQuery } from '../users/query';
import { fullName } from '../ui/avatar';
import { Confirm } from '../ui/dialog';
import { say } from '../ui/notice';
import { backToList } from './frame';
import { PasswordDialog } from './password';
import { isConflict, mistakesIn, read, update } from './update';

const conflict = 'Somebody else changed this user meanwhile. Look at what it is now, and try again.';

/** What can be done with a user besides editing it. */
export function Actions({ user }: { user: User }) {
  const [open, setOpen] = useState<'password' | 'delete' | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const act = async (what: () => Promise<string | null>) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      setProblem(await what());
    } catch (error) {
      setProblem(asProblem(error).message);
    }
    setBusy(false);
  };
  const toggle = () =>
    act(async () => {
      const outcome = await update(user, { isActive: !user.isActive });
      if ('theirs' in outcome) return conflict;
      if ('mistakes' in outcome) return outcome.mistakes.map((one) => one.message).join(' ');
      say(`${fullName(outcome.user)} is ${outcome.user.isActive ? 'active' : 'inactive'} now.`);
      return null;
    });
  const remove = () =>
    act(async () => {
      const { deleteUser } = await run(DeleteUser, { input: { id: user.id, expectedVersion: user.version } });
      const mistakes = mistakesIn(deleteUser?.errors);
      if (isConflict(mistakes)) {
        await read(user.id);
        return conflict;
      }
      if (mistakes.length > 0) return mistakes.map((one) => one.message).join(' ');
      tell({ kind: 'deleted', id: user.id, by: null });
      backToList(readQuery(place.get()));
      say(`${fullName(user)} was deleted.`);
      return null;
    });
  const close = () => {
    setOpen(null);
    setProblem(null);
  };

  return (
    <section class="actions" aria-label="Actions">
      <button type="button" aria-disabled={busy} onClick={toggle}>
        {user.isActive ? 'Deactivate' : 'Activate'}
      </button>
      <button type="button" onClick={() => setOpen('password')}>
        Set password…
      </button>
      <button type="button" class="danger" onClick={() => setOpen('delete')}>
        Delete…
      </button>
      <p class="problem" role="alert">{open ? null : problem}</p>
      {open === 'password' && <PasswordDialog user={user} onClose={close} />}
      {open === 'delete' && (
        <Confirm title={`Delete ${fullName(user)}?`} action="Delete user" busy={busy} problem={problem} onConfirm={remove} onClose={close}>
          <p>
            <strong>{user.email}</strong> is removed for good, and its values leave the history. Nothing brings it back. To keep the user
            and not let it in, deactivate it.
          </p>
        </Confirm>
      )}
    </section>
  );
}
