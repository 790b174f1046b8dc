import { useState } from 'preact/hooks';
import { run } from '../api/graphql';
import { CreateUser } from '../api/operations';
import { tellCreated } from '../live';
import { go } from '../router';
import { address, type ListQuery } from '../users/query';
import { fullName } from '../ui/avatar';
import { Field, Form } from '../ui/form';
import { useMounted } from '../ui/mounted';
import { say } from '../ui/notice';
import { backToList, Frame } from './frame';
import { mistakesIn } from './update';

const empty = { email: '', firstName: '', lastName: '', password: '' };

/** A form for a new user. */
export function CreateDrawer({ query }: { query: ListQuery }) {
  const [input, setInput] = useState(empty);
  const [isActive, setActive] = useState(true);
  const set = (field: keyof typeof empty) => (value: string) => setInput((before) => ({ ...before, [field]: value }));
  const dirty = Object.values(input).some(Boolean);
  const isMounted = useMounted();
  const submit = async () => {
    const { createUser } = await run(CreateUser, { input: { ...input, isActive } });
    const user = createUser?.user;
    if (!user) return mistakesIn(createUser?.errors);
    tellCreated(user.id);
    if (isMounted()) go(address(query, user.id), { replace: true, state: history.state });
    say(`${fullName(user)} was created.`);
  };
  return (
    <Frame title="New user" query={query} dirty={dirty} heading={<h2>New user</h2>}>
      <Form submit={submit} action="Create user" onCancel={() => backToList(query)}>
        {(error) => (
          <>
            <Field label="E-mail address" name="email" type="email" value={input.email} onValue={set('email')} error={error('email')} autofocus />
            <Field label="First name" name="firstName" value={input.firstName} onValue={set('firstName')} error={error('firstName')} />
            <Field label="Last name" name="lastName" value={input.lastName} onValue={set('lastName')} error={error('lastName')} />
            <Field
              label="Password"
              name="password"
              type="password"
              autocomplete="new-password"
              value={input.password}
              onValue={set('password')}
              error={error('password')}
              hint="Long beats complicated; common ones are refused."
            />
            <label class="check">
              <input type="checkbox" name="isActive" checked={isActive} onChange={(event) => setActive(event.currentTarget.checked)} />
              <span>
                Active <small>An inactive user is kept and not let in.</small>
              </span>
            </label>
          </>
        )}
      </Form>
    </Frame>
  );
}
