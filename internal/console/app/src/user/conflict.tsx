import type { FieldProblem } from '../api/problem';
import type { User } from '../live';
import { useAttempt } from '../ui/attempt';
import { Dialog } from '../ui/dialog';
import { type Editable, fields } from './fields';
import { messages } from './update';

interface ConflictProps {
  /** The user as the edit found it. */
  base: User;
  /** What was typed. */
  mine: Editable;
  /** The user as it is now. */
  theirs: User;
  onMine(): Promise<FieldProblem[] | void>;
  onTheirs(): void;
  onClose(): void;
}

/** Somebody else changed the user while it was edited: shows both and lets the editor choose. */
export function Conflict({ base, mine, theirs, onMine, onTheirs, onClose }: ConflictProps) {
  const rows = fields.filter(({ name }) => mine[name] !== base[name] || theirs[name] !== base[name]);
  const keepMine = useAttempt(async () => {
    const mistakes = await onMine();
    return mistakes && messages(mistakes);
  });
  return (
    <Dialog title="Somebody else changed this user" describedBy="conflict-text" onClose={onClose}>
      <h2>Somebody else changed this user</h2>
      <p id="conflict-text">While you were editing, the user was saved in another place. Nothing of yours has been saved yet.</p>
      <table class="compare">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Yours</th>
            <th scope="col">Theirs</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, label }) => (
            <tr key={name}>
              <th scope="row">{label}</th>
              <td class={mine[name] !== base[name] ? 'edited' : ''}>{mine[name]}</td>
              <td class={theirs[name] !== base[name] ? 'edited' : ''}>{theirs[name]}</td>
            </tr>
          ))}
          {theirs.isActive !== base.isActive && (
            <tr>
              <th scope="row">Status</th>
              <td>{base.isActive ? 'Active' : 'Inactive'}</td>
              <td class="edited">{theirs.isActive ? 'Active' : 'Inactive'}</td>
            </tr>
          )}
        </tbody>
      </table>
      <p class="hint">Keeping yours saves only the fields that you edited; their other changes stay.</p>
      <div class="buttons">
        <p class="problem" role="alert">{keepMine.problem}</p>
        <button type="button" autofocus onClick={onClose}>
          Back to editing
        </button>
        <button type="button" aria-disabled={keepMine.busy} onClick={() => keepMine.busy || onTheirs()}>
          Take theirs
        </button>
        <button type="button" class="primary" aria-disabled={keepMine.busy} onClick={keepMine.start}>
          Keep mine
        </button>
      </div>
    </Dialog>
  );
}
