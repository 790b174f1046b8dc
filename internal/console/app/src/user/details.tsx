import { useLayoutEffect, useState } from 'preact/hooks';
import type { User } from '../live';
import { fullName } from '../ui/avatar';
import { Field, Form } from '../ui/form';
import { say } from '../ui/notice';
import { Time } from '../ui/time';
import { Actions } from './actions';
import { Conflict } from './conflict';
import { type Editable, editableOf, fields } from './fields';
import type { TabProps } from './tabs';
import { update } from './update';

const overtaken = 'Somebody changed this user meanwhile. Save, and choose what to keep.';

/** A user's fields, to read and to edit. */
export function Details({ user, hidden, onDirty }: TabProps) {
  const [base, setBase] = useState(user); // what the edit began with
  const [mine, setMine] = useState(() => editableOf(user));
  const [theirs, setTheirs] = useState<User | null>(null);
  // The feed may tell of what was saved here before the answer does: what the user has already is no edit any more.
  const edited = fields.filter(({ name }) => mine[name] !== base[name] && mine[name] !== user[name]);
  const isDirty = edited.length > 0;
  const isOvertaken = isDirty && user.version > base.version && !theirs;

  // What was typed since this was rendered, while an answer was awaited say, stays.
  const beginWith = (now: User) => {
    setBase(now);
    setMine((typed) => {
      const next = editableOf(now);
      for (const { name } of fields) if (typed[name] !== mine[name]) next[name] = typed[name];
      return next;
    });
    setTheirs(null);
  };
  // While nothing has been typed the form shows the user as it is. Afterwards, a change of these fields is found out when
  // saving; one that has nothing to do with them is no conflict. Both effects are done before a key can be pressed.
  useLayoutEffect(() => {
    if (user.version <= base.version) return;
    if (!isDirty) beginWith(user);
    else if (fields.every(({ name }) => user[name] === base[name])) setBase(user);
  }, [user, base]);
  useLayoutEffect(() => {
    onDirty(isDirty);
    return () => onDirty(false);
  }, [isDirty]);

  const save = async (seen: User) => {
    if (!isDirty) {
      setTheirs(null);
      return say('There is nothing to save.');
    }
    const outcome = await update(seen, Object.fromEntries(edited.map(({ name }) => [name, mine[name]])));
    if ('mistakes' in outcome) {
      setTheirs(null);
      return outcome.mistakes;
    }
    if ('theirs' in outcome && edited.some(({ name }) => mine[name] !== outcome.theirs[name])) return setTheirs(outcome.theirs);
    const now = 'theirs' in outcome ? outcome.theirs : outcome.user;
    beginWith(now);
    say('theirs' in outcome ? 'Somebody else saved the same meanwhile.' : `${fullName(now)} was saved.`);
  };

  const set = (name: keyof Editable) => (value: string) => setMine((before) => ({ ...before, [name]: value }));
  const field = (name: keyof Editable, error: (name: string) => string | undefined) => (
    <Field
      label={fields.find((one) => one.name === name)!.label}
      name={name}
      type={name === 'email' ? 'email' : 'text'}
      value={mine[name]}
      onValue={set(name)}
      error={error(name)}
    />
  );
  return (
    <>
      <div class="details" hidden={hidden}>
        <Form submit={() => save(base)} action="Save" note={isOvertaken ? overtaken : undefined}>
          {(error) => (
            <>
              {field('email', error)}
              {field('firstName', error)}
              {field('lastName', error)}
            </>
          )}
        </Form>
        <dl class="facts">
          <dt>Id</dt>
          <dd class="mono">{user.id}</dd>
          <dt>E-mail verified</dt>
          <dd>{user.emailVerifiedAt ? <Time at={user.emailVerifiedAt} precise /> : 'No'}</dd>
          <dt>Created</dt>
          <dd>
            <Time at={user.createdAt} precise />
          </dd>
          <dt>Last change</dt>
          <dd>
            <Time at={user.updatedAt} precise />
          </dd>
          <dt>Version</dt>
          <dd>{user.version}</dd>
        </dl>
        <Actions user={user} />
      </div>
      {theirs && (
        <Conflict
          base={base}
          mine={mine}
          theirs={theirs}
          onMine={() => save(theirs)}
          onTheirs={() => beginWith(theirs)}
          onClose={() => setTheirs(null)}
        />
      )}
    </>
  );
}
