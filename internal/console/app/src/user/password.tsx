import { useState } from 'preact/hooks';
import { run } from '../api/graphql';
import { SetUserPassword } from '../api/operations';
import { tellChanged, type User } from '../live';
import { fullName } from '../ui/avatar';
import { Dialog } from '../ui/dialog';
import { Field, Form } from '../ui/form';
import { say } from '../ui/notice';
import { mistakesIn } from './update';

/** Gives a user another password. */
export function PasswordDialog({ user, onClose }: { user: User; onClose(): void }) {
  const [password, setPassword] = useState('');
  const submit = async () => {
    const { setUserPassword } = await run(SetUserPassword, { input: { id: user.id, password } });
    if (!setUserPassword?.user) return mistakesIn(setUserPassword?.errors);
    tellChanged(setUserPassword.user);
    onClose();
    say(`${fullName(user)} has a new password.`);
  };
  return (
    <Dialog title="Set a password" onClose={onClose}>
      <h2>Set a password</h2>
      <Form submit={submit} action="Set password" onCancel={onClose}>
        {(error) => (
          <Field
            label={`New password of ${fullName(user)}`}
            name="password"
            type="password"
            autocomplete="new-password"
            value={password}
            onValue={setPassword}
            error={error('password')}
            hint="The old one is worthless from then on."
            autofocus
          />
        )}
      </Form>
    </Dialog>
  );
}
